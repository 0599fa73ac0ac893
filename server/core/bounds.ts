/**
 * How much a request may say, on every runtime alike. No real request comes near.
 *
 * @see RFC 9110 section 4.1: at least 8000 octets of a URL should be understood
 * @see docs/adr/0113-bounds-of-a-request.md
 * @module
 */
import type { Reason } from './rejection.ts'

/** Characters of a URL, which the runtimes give percent-encoded. */
export const MOST_URL = 8192

/** Bytes of a body. */
export const MOST_BODY = 64 * 1024

/** Parameters of a form or a query, known or not. */
export const MOST_PARAMETERS = 100

/** Characters of one value. */
const MOST_VALUE = 8192

/** Characters of what somebody types to sign in: hashing a password takes as long as it is. */
export const MOST_CREDENTIALS = { username: 256, password: 1024 } as const

type Excess = Extract<Reason, 'too_many_parameters' | 'parameter_too_long'>

/** Why these are too many, or too long; null: they are not. `length`: of the text that they come from. */
export function excessOf(parameters: URLSearchParams, length: number): Excess | null {
  if (parameters.size > MOST_PARAMETERS) return 'too_many_parameters'
  // What is short altogether holds nothing long.
  if (length <= MOST_VALUE) return null
  for (const [name, value] of parameters) if (name.length + value.length > MOST_VALUE) return 'parameter_too_long'
  return null
}
