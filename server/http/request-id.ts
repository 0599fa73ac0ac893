/**
 * The id of a request: the caller's `X-Request-Id` where it is short and harmless, else one of ours. Answers, log lines and the audit log
 * name it. It is kept beside the request, which is rewritten for routing and does not carry it along.
 *
 * @see docs/adr/0116-request-ids.md
 * @module
 */

export const REQUEST_ID = 'x-request-id'

interface Named {
  readonly id: string
  /** Its answer carries the id from its making on. */
  answered: boolean
}

const requests = new WeakMap<Request, Named>()

/** Gives `request`, and what became of it for routing, the id that it came with, or a new one. */
export function identify(request: Request, routed: Request = request): void {
  const named = { id: wellFormed(request.headers.get(REQUEST_ID)) ?? newRequestId(), answered: false }
  requests.set(request, named)
  if (routed !== request) requests.set(routed, named)
}

/** Null: nobody has given it one. */
export const requestIdOf = (request: Request): string | null => requests.get(request)?.id ?? null

/**
 * Headers for the answer to `request` that is being made. To add one to an answer that is made costs a third of serving a document, so those
 * that are asked for most are made with it.
 */
export function requestIdHeaders(request: Request): Readonly<Record<string, string>> {
  const named = requests.get(request)
  if (named === undefined) return {}
  named.answered = true
  return { [REQUEST_ID]: named.id }
}

/** The answer with the id on it. */
export function withRequestId(response: Response, request: Request): Response {
  if (requestIdOf(request) === null) identify(request)
  const named = requests.get(request)
  return named === undefined || named.answered ? response : addHeader(response, named.id)
}

function addHeader(response: Response, id: string): Response {
  try {
    response.headers.set(REQUEST_ID, id)
    return response
  } catch {
    // Answers that were fetched from elsewhere cannot be changed.
    return addHeader(new Response(response.body, response), id)
  }
}

/** What proxies and tracers use: UUIDs, ULIDs, hex, base64url, `Root=1-5e1b-...`. Nothing that a log or a terminal could take for more, and no token. */
function wellFormed(given: string | null): string | null {
  return given !== null && /^(?!eyJ)[\w.:=-]{1,64}$/.test(given) ? given : null
}

/** Unique among all processes: its own random start, and a counter. */
export const newRequestId = (): string => `${PROCESS}-${(count++).toString(36)}`

const PROCESS = Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) =>
  byte.toString(16).padStart(2, '0'),
).join('')
let count = 0
