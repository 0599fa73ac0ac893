/**
 * What an assertion says of itself. The client cannot verify it and need not: it only takes care not to hand it to the wrong server.
 *
 * @see RFC 7523 section 3
 * @module
 */
import { decodeProtectedHeader } from 'jose/decode/protected_header'
import { decodeJwt } from 'jose/jwt/decode'
import { type Guarded, isListOf, isNumber, isOptional, isRecord, isString } from '../../shared/guard.ts'

const isNames = (value: unknown): value is string | string[] => isString(value) || isListOf(isString)(value)

/** Of its claims those that say for whom it is. Times in seconds since the epoch. */
const isAssertionClaims = isRecord({
  aud: isNames,
  exp: isOptional(isNumber),
  client_id: isOptional(isString),
  resource: isOptional(isNames),
  scope: isOptional(isString),
  cnf: isOptional(isRecord({ jkt: isOptional(isString) })),
})

export type AssertionClaims = Guarded<typeof isAssertionClaims> & {
  /** The header's, without what may be left out. */
  readonly typ: string | undefined
}

/** The claims; `undefined`: it is no such JWT. */
export function assertionClaims(assertion: string): AssertionClaims | undefined {
  try {
    const claims: unknown = decodeJwt(assertion)
    const typ = decodeProtectedHeader(assertion)
      .typ?.toLowerCase()
      .replace(/^application\//, '')
    return isAssertionClaims(claims) ? { ...claims, typ } : undefined
  } catch {
    return undefined
  }
}
