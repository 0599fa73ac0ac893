/**
 * The id of a request: the caller's `X-Request-Id` where it is short and harmless, else one of ours. Answers, log lines and the audit log
 * name it.
 *
 * @see docs/adr/0116-request-ids.md
 * @module
 */
import { type Arrival, arrivalOf } from './arrival.ts'
import { withHeader } from './with-header.ts'

export const REQUEST_ID = 'x-request-id'

/** The id that a request came with, or a new one. */
export const idFor = (request: Request): string => wellFormed(request.headers.get(REQUEST_ID)) ?? newRequestId()

/** Null: nobody has given it one. */
export const requestIdOf = (request: Request): string | null => arrivalOf(request)?.id ?? null

/**
 * Headers for the answer to `request` that is being made. To add one to an answer that is made costs a third of serving a document, so those
 * that are asked for most are made with it.
 */
export function requestIdHeaders(request: Request): Readonly<Record<string, string>> {
  const id = idToAnswer(request)
  return id === null ? {} : { [REQUEST_ID]: id }
}

/** The same beside others that never change. They are good until the next request; an answer that is made with them takes a copy. */
export function requestIdBeside(others: Readonly<Record<string, string>>): (request: Request) => Headers {
  const headers = new Headers(others)
  return (request) => {
    const id = idToAnswer(request)
    if (id === null) headers.delete(REQUEST_ID)
    else headers.set(REQUEST_ID, id)
    return headers
  }
}

function idToAnswer(request: Request): string | null {
  const arrival = arrivalOf(request)
  if (arrival === undefined) return null
  arrival.answered = true
  return arrival.id
}

/** The answer with the id on it. */
export const withRequestId = (response: Response, { id, answered }: Pick<Arrival, 'id' | 'answered'>): Response =>
  answered ? response : withHeader(response, REQUEST_ID, id)

/** What proxies and tracers use: UUIDs, ULIDs, hex, base64url, `Root=1-5e1b-...`. Nothing that a log or a terminal could take for more. */
function wellFormed(given: string | null): string | null {
  return given !== null && /^[\w.:=-]{1,64}$/.test(given) && !TOKEN.test(given) ? given : null
}

/** What one of our tokens may be in: an access token, a code or a refresh token behind its locator, a secret. */
const TOKEN = /eyJ|[\da-z]{12}\.|[\w-]{43}/

/** Unique among all processes: its own random start, and a counter. */
export const newRequestId = (): string => `${PROCESS}-${(count++).toString(36)}`

const PROCESS = Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) =>
  byte.toString(16).padStart(2, '0'),
).join('')
let count = 0
