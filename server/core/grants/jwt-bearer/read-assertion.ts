/**
 * What an assertion says, before anybody has verified who says it.
 *
 * @see RFC 7523 section 3
 * @see RFC 7519 section 5.1: `typ`
 * @see RFC 7515 section 4.1.11: `crit`
 * @module
 */
import { decodeProtectedHeader } from 'jose/decode/protected_header'
import { decodeJwt } from 'jose/jwt/decode'
import * as v from 'valibot'
import { ok, type Result } from '../../../../shared/result.ts'
import { CLOCK_DIFFERENCE } from '../../client-auth/client-assertion.ts'
import { type Rejection, reject } from '../../rejection.ts'
import type { TrustedIssuer } from '../../trusted-issuers/trusted-issuer.ts'

/** Extensions that must be understood are not: among them is one after which the claims would be others than those that were read. */
const Header = v.looseObject({
  alg: v.string(),
  typ: v.exactOptional(v.string()),
  crit: v.exactOptional(v.undefined()),
})
export type AssertionHeader = v.InferOutput<typeof Header>

/** The claims that concern time. */
export interface Times {
  readonly iat: number
  readonly exp: number
  readonly nbf?: number
}

/** Null: it is no JWS, or one that cannot be understood. */
export function readHeader(assertion: string): AssertionHeader | null {
  try {
    const header = v.safeParse(Header, decodeProtectedHeader(assertion))
    return header.success ? header.output : null
  } catch {
    return null
  }
}

/** Null: it is no JWT, or lacks what it must say. */
export function readClaims<Schema extends v.GenericSchema>(
  assertion: string,
  schema: Schema,
): v.InferOutput<Schema> | null {
  try {
    const claims = v.safeParse(schema, decodeJwt(assertion))
    return claims.success ? claims.output : null
  } catch {
    return null
  }
}

/** The type without what may be left out; undefined: none. */
export const typeOf = ({ typ }: AssertionHeader): string | undefined => typ?.toLowerCase().replace(/^application\//, '')

/** Pure. Whether one of these is all that it is for. */
export function isForOneOf(audiences: readonly string[], aud: string | readonly string[]): boolean {
  const [audience, ...others] = [aud].flat()
  return audience !== undefined && others.length === 0 && audiences.includes(audience)
}

/** Pure. Whether it is good now, as far as it says itself. */
export function checkTimes({ iat, exp, nbf = iat }: Times, now: number): Result<null, Rejection> {
  if (exp <= now - CLOCK_DIFFERENCE) return reject('expired_grant_assertion')
  return Math.max(iat, nbf) > now + CLOCK_DIFFERENCE ? reject('early_grant_assertion') : ok(null)
}

/** Pure. What is asked of each issuer by itself. */
export function checkIssuer(
  { alg }: AssertionHeader,
  { iat, exp }: Times,
  { algorithms, longestLifetime }: TrustedIssuer,
): Result<null, Rejection> {
  if (!algorithms.includes(alg)) return reject('unsupported_grant_assertion_algorithm')
  return exp - iat > longestLifetime ? reject('endless_grant_assertion') : ok(null)
}
