/**
 * How a check gets from an authorization URL to the answer: a program that follows redirects, or a person with a browser.
 *
 * @module
 */
import { type Answer, createHttp, type Http, type HttpOptions } from './http.ts'

/** Where a visit ended. */
export type Landing =
  /** At the redirect URI. `answer` is the redirect, where it was seen. */
  | { readonly kind: 'callback'; readonly url: URL; readonly answer?: Answer }
  /** At a page with an error, or with an answer for the client that was sent to another place. */
  | { readonly kind: 'refused'; readonly answer?: Answer }
  /** At a page that waits for a person, here or at another site. */
  | { readonly kind: 'page'; readonly answer: Answer }

/** Visits an authorization URL until it leads to `redirectUri`, or to nowhere. */
export type Visit = (url: string, redirectUri: string) => Promise<Landing>

const MOST_HOPS = 10

/** Visits without a person: enough for servers that approve by themselves, and for requests that are to be refused. */
export const visitAlone = (options: Pick<HttpOptions, 'fetch' | 'timeout'> = {}): Visit =>
  followRedirects(createHttp(options))

/** Follows redirects as a browser does that nobody sits at; enough for servers that approve by themselves. */
export function followRedirects(http: Http): Visit {
  return async (start, redirectUri) => {
    const cookies = new Map<string, string>()
    let url = start
    for (let hop = 0; ; hop += 1) {
      const answer = await http.get(url, {
        accept: 'text/html',
        ...(cookies.size === 0 ? {} : { cookie: [...cookies].map((pair) => pair.join('=')).join('; ') }),
      })
      for (const line of answer.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=;]+)=([^;]*)/.exec(line) ?? []
        if (value === '') cookies.delete(name)
        else cookies.set(name, value)
      }
      const location = answer.headers.get('location')
      if (location === null) return answer.status >= 400 ? { kind: 'refused', answer } : { kind: 'page', answer }
      const next = URL.parse(location, url)
      if (next === null) return { kind: 'refused', answer }
      if (leadsTo(next, redirectUri)) return { kind: 'callback', url: next, answer }
      // Somebody else's place. With an answer in its URL it is for the check to say whether that is right; without, people sign in there.
      if (next.origin !== new URL(start).origin) return { kind: hasAnswer(next) ? 'refused' : 'page', answer }
      if (hop === MOST_HOPS) return { kind: 'refused', answer }
      url = next.href
    }
  }
}

const hasAnswer = ({ searchParams, hash }: URL): boolean =>
  [searchParams, new URLSearchParams(hash.slice(1))].some((params) =>
    ['code', 'error', 'access_token', 'id_token'].some((name) => params.has(name)),
  )

function leadsTo(url: URL, redirectUri: string): boolean {
  const target = URL.parse(redirectUri)
  return target !== null && url.origin === target.origin && url.host === target.host && url.pathname === target.pathname
}
