/**
 * What a client assertion must say. Who signed it is found out elsewhere: nothing here is believed before.
 *
 * @see RFC 7523 section 3: the claims
 * @see draft-ietf-oauth-rfc7523bis section 4: the issuer is the only audience; `typ` is client-authentication+jwt, or absent
 * @see docs/adr/0102-client-assertions.md
 * @module
 */

import { decodeProtectedHeader } from 'jose/decode/protected_header'
import { decodeJwt } from 'jose/jwt/decode'
import * as v from 'valibot'
import { ok, type Result } from '../../../shared/result.ts'
import { type Rejection, reject } from '../rejection.ts'

/** What assertions may be signed with: asymmetric, and of no less than 112 bits of strength. */
export const ASSERTION_ALGORITHMS: readonly string[] = ['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA', 'Ed25519']

/** How far in the future an assertion may expire, in seconds: its `jti` is remembered for so long. */
const LONGEST_LIFETIME = 3600

/** How far the client's clock may be from ours, in seconds. */
export const CLOCK_DIFFERENCE = 30

/** Other types are of JWTs that are something else. `JWT` says nothing, and the MCP SDK says it. */
const TYPES: readonly string[] = ['client-authentication+jwt', 'jwt']

const Header = v.object({ alg: v.string(), typ: v.optional(v.string()) })

const Claims = v.object({
  iss: v.string(),
  sub: v.pipe(v.string(), v.nonEmpty()),
  aud: v.union([v.string(), v.array(v.string())]),
  exp: v.number(),
  nbf: v.optional(v.number()),
  iat: v.optional(v.number()),
  jti: v.pipe(v.string(), v.nonEmpty(), v.maxLength(255)),
})

/** An assertion, taken apart and not believed yet. */
export interface ClientAssertion {
  readonly header: v.InferOutput<typeof Header>
  readonly claims: v.InferOutput<typeof Claims>
}

/** Null: it is no JWT, or lacks what it must say. */
export function readAssertion(assertion: string): ClientAssertion | null {
  try {
    const header = v.safeParse(Header, decodeProtectedHeader(assertion))
    const claims = v.safeParse(Claims, decodeJwt(assertion))
    return header.success && claims.success ? { header: header.output, claims: claims.output } : null
  } catch {
    return null
  }
}

/** Pure. `audiences`: each of them is this server. */
export function checkAssertion(
  { header, claims }: ClientAssertion,
  audiences: readonly string[],
  now: number,
): Result<null, Rejection> {
  if (!ASSERTION_ALGORITHMS.includes(header.alg)) return reject('unsupported_assertion_algorithm')
  if (header.typ !== undefined && !TYPES.includes(header.typ.toLowerCase().replace(/^application\//, '')))
    return reject('malformed_client_assertion')
  if (claims.iss !== claims.sub) return reject('malformed_client_assertion')
  const [audience, ...others] = [claims.aud].flat()
  if (audience === undefined || others.length > 0 || !audiences.includes(audience))
    return reject('wrong_assertion_audience')
  return checkTimes(claims, now)
}

function checkTimes({ exp, nbf, iat }: ClientAssertion['claims'], now: number): Result<null, Rejection> {
  const [earliest, latest] = [now - CLOCK_DIFFERENCE, now + CLOCK_DIFFERENCE]
  if (exp <= earliest) return reject('expired_client_assertion')
  if (exp > latest + LONGEST_LIFETIME) return reject('endless_client_assertion')
  if (iat !== undefined && iat < earliest - LONGEST_LIFETIME) return reject('expired_client_assertion')
  const early = (nbf !== undefined && nbf > latest) || (iat !== undefined && iat > latest)
  return early ? reject('early_client_assertion') : ok(null)
}
