/**
 * Whether an ID token is what this attempt to sign in was answered with.
 *
 * @see OpenID Connect Core 1.0 section 3.1.3.7 (validation) and section 3.1.3.8 (`at_hash`)
 * @module
 */
import { decodeProtectedHeader } from 'jose/decode/protected_header'
import { decodeJwt } from 'jose/jwt/decode'
import * as v from 'valibot'
import { err, ok, type Result } from '../../../shared/result.ts'
import type { UpstreamProblem } from '../../core/upstream.ts'
import type { OidcContext } from './context.ts'
import type { OidcProvider } from './provider.ts'

/** ASCII, as OpenID Connect Core 1.0 section 2 has it: in nothing else can two names become one on the way into a database. */
export const UpstreamName = v.pipe(v.string(), v.regex(/^[\x20-\x7e]{1,255}$/))

const IdTokenClaims = v.looseObject({
  iss: v.string(),
  sub: UpstreamName,
  aud: v.union([v.string(), v.array(v.string())]),
  azp: v.optional(v.string()),
  exp: v.number(),
  iat: v.number(),
  nonce: v.optional(v.string()),
  auth_time: v.optional(v.number()),
  at_hash: v.optional(v.string()),
  sid: v.optional(UpstreamName),
})
export type IdTokenClaims = v.InferOutput<typeof IdTokenClaims>

/** What it has to fit. */
export interface Expected {
  readonly provider: OidcProvider
  /** Undefined: that of a refresh, which need not have one. */
  readonly nonce?: string
  readonly accessToken: string | undefined
  /** Not signed in before then. Undefined: no matter. */
  readonly authenticatedSince?: number
}

/** Seconds that clocks may differ. */
const TOLERANCE = 60

export async function checkIdToken(
  idToken: string,
  expected: Expected,
  { keys, now }: Pick<OidcContext, 'keys' | 'now'>,
): Promise<Result<IdTokenClaims, UpstreamProblem>> {
  const { issuer, algorithms } = expected.provider
  const claims = readClaims(idToken)
  if (!claims.ok) return claims
  const checked = checkClaims(claims.value, expected, now())
  if (!checked.ok) return checked
  const trusted = { issuer, keys: { kind: 'discovery' }, algorithms, longestLifetime: 0, reusable: false } as const
  const signed = await keys.verify(trusted, idToken)
  if (!signed.ok) {
    const isOutage = signed.error.reason === 'issuer_keys_unavailable'
    return err(isOutage ? 'provider_unavailable' : 'wrong_id_token_signature')
  }
  const fits = await fitsAccessToken(idToken, claims.value.at_hash, expected.accessToken)
  return fits ? claims : err('wrong_id_token_at_hash')
}

/** The claims of a JWS, of which nothing is known yet. */
function readClaims(idToken: string): Result<IdTokenClaims, 'malformed_id_token'> {
  try {
    const claims = v.safeParse(IdTokenClaims, decodeJwt(idToken))
    return claims.success ? ok(claims.output) : err('malformed_id_token')
  } catch {
    return err('malformed_id_token')
  }
}

/** Pure. */
export function checkClaims(
  { iss, aud, azp, exp, iat, nonce, auth_time }: IdTokenClaims,
  { provider, nonce: wanted, authenticatedSince }: Expected,
  now: number,
): Result<null, UpstreamProblem> {
  if (iss !== provider.issuer) return err('wrong_id_token_issuer')
  const audiences = [aud].flat()
  const isForUs = audiences.includes(provider.clientId) && (azp ?? provider.clientId) === provider.clientId
  // Whoever else has it could show it as theirs: an administrator trusts them, and it says that it was made for us.
  const others = audiences.filter((audience) => audience !== provider.clientId)
  const areTrusted = azp !== undefined && others.every((audience) => provider.audiences.includes(audience))
  if (!isForUs || (others.length > 0 && !areTrusted)) return err('wrong_id_token_audience')
  if (wanted !== undefined && nonce !== wanted) return err('wrong_id_token_nonce')
  if (exp + TOLERANCE <= now || iat - TOLERANCE > now) return err('expired_id_token')
  if (authenticatedSince === undefined) return ok(null)
  return auth_time !== undefined && auth_time + TOLERANCE >= authenticatedSince ? ok(null) : err('stale_authentication')
}

const HASHES: Readonly<Record<string, string>> = { '256': 'SHA-256', '384': 'SHA-384', '512': 'SHA-512' }

/** Left out, it says nothing: the access token came over TLS from the token endpoint. */
async function fitsAccessToken(
  idToken: string,
  atHash: string | undefined,
  accessToken: string | undefined,
): Promise<boolean> {
  if (atHash === undefined || accessToken === undefined) return true
  // EdDSA hashes with SHA-512 inside.
  const name = HASHES[decodeProtectedHeader(idToken).alg?.slice(-3) ?? ''] ?? 'SHA-512'
  const digest = new Uint8Array(await crypto.subtle.digest(name, new TextEncoder().encode(accessToken)))
  return Buffer.from(digest.subarray(0, digest.length / 2)).toString('base64url') === atHash
}
