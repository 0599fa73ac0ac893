/**
 * Tokens, from whatever server.
 *
 * @see RFC 6749 section 5.1, appendix A.12
 * @module
 */
import { type Guard, type Guarded, isNumber, isOptional, isRecord, isString, isText } from './guard.ts'

/** Seconds (some 68 years) that stand for any longer lifetime, `1e400` included: JSON has no infinity to keep it as. */
const LONGEST = 2 ** 31 - 1

/** Printable ASCII: it goes into a header, and a runtime that finds it cannot may say so with the token in its words. */
const isToken: Guard<string> = (value): value is string => isString(value) && /^[ -~]+$/.test(value)

const isForeignTokenResponse = isRecord({
  access_token: isToken,
  token_type: isText,
  expires_in: isOptional(isNumber),
  refresh_token: isOptional(isText),
  scope: isOptional(isString),
})
/** What a client accepts from any server. `token_type` is in any case; `expires_in` in seconds. Other members are as they came. */
export type ForeignTokenResponse = Guarded<typeof isForeignTokenResponse> & { readonly [member: string]: unknown }

/** Reads one; `undefined` where it is none. `expires_in` may have come as a numeric string. */
export function readTokenResponse(json: unknown): ForeignTokenResponse | undefined {
  const { expires_in, ...others } = Object(json)
  const response = { ...others, ...(expires_in !== undefined && { expires_in: lifetimeOf(expires_in) }) }
  return isForeignTokenResponse(response) ? response : undefined
}

/** Not a number where it is none, or less than nothing. */
function lifetimeOf(stated: unknown): number {
  const seconds = isString(stated) && /^\d+$/.test(stated) ? Number(stated) : stated
  return typeof seconds === 'number' && seconds >= 0 ? Math.min(seconds, LONGEST) : Number.NaN
}
