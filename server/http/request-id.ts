/**
 * The id of a request: the caller's `X-Request-Id` where it is short and harmless, else one of ours. Answers, log lines and the audit log
 * name it. It is kept beside the request, which is rewritten for routing and does not carry it along.
 *
 * @see docs/adr/0116-request-ids.md
 * @module
 */

export const REQUEST_ID = 'x-request-id'

const ids = new WeakMap<Request, string>()

/** Gives `routed` the id that `request` came with, or a new one. */
export function identify(routed: Request, request: Request = routed): string {
  const id = wellFormed(request.headers.get(REQUEST_ID)) ?? newRequestId()
  ids.set(routed, id)
  return id
}

/** Null: nobody has given it one. */
export const requestIdOf = (request: Request): string | null => ids.get(request) ?? null

/** The answer with the id on it. */
export function withRequestId(response: Response, id: string): Response {
  try {
    response.headers.set(REQUEST_ID, id)
    return response
  } catch {
    // Answers that were fetched from elsewhere cannot be changed.
    return withRequestId(new Response(response.body, response), id)
  }
}

/** What proxies and tracers use: UUIDs, ULIDs, hex, base64url, `Root=1-5e1b-...`. Nothing that a log or a terminal could take for more. */
function wellFormed(given: string | null): string | null {
  return given !== null && /^[\w.:=-]{1,64}$/.test(given) ? given : null
}

/** Unique among all processes: its own random start, and a counter. */
export const newRequestId = (): string => `${PROCESS}-${(count++).toString(36)}`

const PROCESS = Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) =>
  byte.toString(16).padStart(2, '0'),
).join('')
let count = 0
