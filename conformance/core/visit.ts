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
  /** At a page with an error. */
  | { readonly kind: 'refused'; readonly answer?: Answer }
  /** At a page that waits for a person. */
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
      // Somebody else's place: whether that is right is for the check to say.
      if (next.origin !== new URL(start).origin || hop === MOST_HOPS) return { kind: 'refused', answer }
      url = next.href
    }
  }
}

function leadsTo(url: URL, redirectUri: string): boolean {
  const target = URL.parse(redirectUri)
  return target !== null && url.origin === target.origin && url.host === target.host && url.pathname === target.pathname
}
