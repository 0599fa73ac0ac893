/**
 * A typed client of Sallyport's own endpoints: paths, bodies, answers and statuses come from the server's type.
 *
 * @see RFC 6749 section 3.2, RFC 7009 section 2.1: these endpoints take forms, which the hook below writes
 * @module
 */
import { treaty } from '@elysiajs/eden'
import type { App } from '../server/app.ts'
import { writeForm } from '../shared/form.ts'

/** The endpoints that take forms; the others take JSON. */
const FORM_PATHS: ReadonlySet<string> = new Set(['/oauth/token', '/oauth/revoke'])

/** What the client needs from outside. */
export interface RpcOptions {
  /** Instead of the global `fetch`, e.g. `(input, init) => app.handle(new Request(input, init))`. */
  readonly fetch?: (input: string | URL | Request, init?: RequestInit) => Promise<Response>
}

/**
 * The endpoints of the server at `issuer` (an issuer with a path included). A call never throws for an HTTP error: `data` or `error`
 * is null, and `error.status` narrows `error.value`.
 *
 * @example
 * const { data, error } = await createRpc('http://localhost:9100').oauth.token.post({
 *   grant_type: 'refresh_token', refresh_token, client_id,
 * })
 */
export function createRpc(issuer: string, options: RpcOptions = {}): ReturnType<typeof treaty<App>> {
  return treaty<App>(issuer.replace(/\/$/, ''), {
    // A string that looks like a date stays a string.
    parseDate: false,
    ...(options.fetch === undefined ? {} : { fetcher: Object.assign(options.fetch, { preconnect: () => {} }) }),
    onRequest: (path, init) => (FORM_PATHS.has(path) ? encodeForm(init) : undefined),
  })
}

/** Eden hands a body over as the object that the caller gave. */
function encodeForm(init: RequestInit): RequestInit {
  const body: unknown = init.body
  if (typeof body !== 'object' || body === null) return init
  const headers = {
    ...Object.fromEntries(new Headers(init.headers)),
    'content-type': 'application/x-www-form-urlencoded',
  }
  return { ...init, headers, body: writeForm({ ...body }).toString() }
}
