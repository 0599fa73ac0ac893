/**
 * What makes a broken server of a good one: something that stands before it.
 *
 * @module
 */
import type { Fetch } from '../../conformance/index.ts'

/** A request on its way, to be changed. */
export interface Sent {
  readonly method: string
  readonly url: URL
  readonly headers: Headers
  readonly body: string | undefined
}

/** Stands before the server and changes requests, answers, or both. */
export type Mutation = (sent: Sent, next: (sent: Sent) => Promise<Response>) => Promise<Response>

/** `fetch` with something before the server. */
export function mutated(fetch: Fetch, mutation: Mutation): Fetch {
  const pass = ({ method, url, headers, body }: Sent): Promise<Response> =>
    fetch(url.href, { method, headers, redirect: 'manual', ...(body === undefined ? {} : { body }) })
  return (url, { method = 'GET', headers, body }) => {
    const target = new URL(url)
    // As every client does.
    target.hash = ''
    const text = typeof body === 'string' ? body : undefined
    return mutation({ method, url: target, headers: new Headers(headers), body: text }, pass)
  }
}
