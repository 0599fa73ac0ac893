/**
 * What makes a broken server of a good one: something that stands before it.
 *
 * @module
 */
import type { Fetch, FetchLines } from '../../conformance/index.ts'

/** A request on its way, to be changed. */
export interface Sent {
  readonly method: string
  readonly url: URL
  readonly headers: Headers
  /** The header lines, where one name came twice; `headers` has them joined. */
  readonly lines: readonly (readonly [name: string, value: string])[]
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
    const lines = Array.isArray(headers) ? headers.map(([name = '', value = '']) => [name, value] as const) : []
    return mutation({ method, url: target, headers: new Headers(headers), lines, body: text }, pass)
  }
}

/** Lines as they would be sent through a socket, handed to a server in this process, which sees them joined. */
export const inLines =
  (fetch: Fetch): FetchLines =>
  (url, { headers, ...init }) =>
    fetch(url, { ...init, headers: headers.map(([name, value]): [string, string] => [name, value]) })
