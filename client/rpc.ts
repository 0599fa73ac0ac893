/**
 * A typed client of Sallyport's own endpoints: paths, bodies, answers and statuses come from the server's type.
 *
 * @see RFC 6749 section 3.2, RFC 7009 section 2.1: these endpoints take forms, which this file writes
 * @see RFC 8414 section 3.1: where the metadata of an issuer with a path is
 * @see docs/adr/0060-typed-rpc.md
 * @module
 */
import { treaty } from '@elysiajs/eden'
import type { App } from '../server/app.ts'
import { writeForm } from '../shared/form.ts'
import { insertWellKnown, OAUTH_AUTHORIZATION_SERVER } from '../shared/well-known.ts'

/** The endpoints that take forms; the others take JSON. */
const FORM_PATHS: ReadonlySet<string> = new Set(['/oauth/token', '/oauth/revoke', '/oauth/introspect'])

/** What the client needs from outside. */
export interface RpcOptions {
  /** Instead of the global `fetch`, e.g. `(input, init) => app.handle(new Request(input, init))`. */
  readonly fetch?: (input: string | URL | Request, init?: RequestInit) => Promise<Response>
}

/** Every endpoint as a function, e.g. `rpc.oauth.token.post(...)`. */
export type Rpc = ReturnType<typeof treaty<App>>

/**
 * The endpoints of the server at `issuer`, which may have a path. An HTTP error is returned, not thrown: `data` or `error` is null,
 * and `error.status` narrows `error.value`.
 *
 * @throws {EdenFetchError} when there is no answer; its `value` is what `fetch` threw
 * @example
 * const { data, error } = await createRpc('http://localhost:9100').oauth.token.post({
 *   grant_type: 'refresh_token', refresh_token, client_id,
 * })
 */
export function createRpc(issuer: string, options: RpcOptions = {}): Rpc {
  const { fetch: send = (input, init) => fetch(input, init) } = options
  const base = issuer.replace(/\/$/, '')
  const fetcher = (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const url = input instanceof Request ? input.url : String(input)
    const path = url.slice(base.length)
    return send(path === OAUTH_AUTHORIZATION_SERVER ? insertWellKnown(issuer, path) : url, toForm(path, init))
  }
  return treaty<App>(base, {
    fetcher: Object.assign(fetcher, { preconnect: () => {} }),
    // A string that looks like a date stays a string.
    parseDate: false,
    throwHttpError: ({ value }) => value instanceof Error,
  })
}

/** Eden writes every body as JSON, after its own hooks have run. */
function toForm(path: string, init: RequestInit = {}): RequestInit {
  if (!FORM_PATHS.has(path) || typeof init.body !== 'string') return init
  const headers = new Headers(init.headers)
  headers.set('content-type', 'application/x-www-form-urlencoded')
  return { ...init, headers, body: writeForm(JSON.parse(init.body)).toString() }
}
