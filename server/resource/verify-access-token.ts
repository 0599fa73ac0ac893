/**
 * Verifies a JWT access token for one resource.
 *
 * @see RFC 9068 section 4: the checks
 * @see RFC 8725 section 3: allow-listed algorithms, explicit type, issuer bound to its own keys
 * @module
 */
import { createHash } from 'node:crypto'
import { decodeJwt, errors, type JWTVerifyGetKey, jwtVerify } from 'jose'
import * as v from 'valibot'
import { ACCESS_TOKEN_TYPE, AccessTokenClaims } from '../../shared/access-token.ts'
import { err, ok, type Result } from '../../shared/result.ts'
import { includesAudience } from './audience.ts'
import type { AuthorizationServer } from './authorization-server.ts'
import type { TokenProblem, TokenTrouble } from './events.ts'
import { KeysUnavailableError } from './jwks.ts'
import type { ResourceSettings } from './resource-options.ts'
import { createSeenTokens, type SeenToken } from './seen-tokens.ts'

/** The claims of a good token, and the digest that it is known by. */
export interface VerifiedToken {
  readonly claims: AccessTokenClaims
  /** base64url(SHA-256(token)). */
  readonly digest: string
}

/** Never rejects for a token's sake: says what is wrong with it, or what kept us from telling. */
export type VerifyAccessToken = (token: string) => Promise<Result<VerifiedToken, TokenProblem | TokenTrouble>>

export function createVerifier(servers: readonly AuthorizationServer[], settings: ResourceSettings): VerifyAccessToken {
  const seen = createSeenTokens(settings.now)

  const isStillGood = async (digest: string, { server, keySet }: SeenToken): Promise<boolean> => {
    // Whatever changed in the set, perhaps this key is gone.
    if ((await server.keys.current()) === keySet) return true
    seen.forget(digest)
    return false
  }

  return async (token) => {
    const digest = digestOf(token)
    try {
      const before = seen.find(digest)
      const verified =
        before !== null && (await isStillGood(digest, before)) ? ok(before) : await verify(token, servers, settings)
      if (!verified.ok) return verified
      if (verified.value !== before) seen.remember(digest, verified.value)
      const { claims } = verified.value
      return (await isRevoked(claims, settings)) ?? ok({ claims, digest })
    } catch (error) {
      return err(explain(error))
    }
  }
}

/** All that can be told from the token and the keys. Throws what the library throws. */
async function verify(
  token: string,
  servers: readonly AuthorizationServer[],
  settings: ResourceSettings,
): Promise<Result<SeenToken, TokenProblem>> {
  // The issuer is only claimed yet. It chooses among the configured key sets, and one of those must then bear it out.
  const claimed = claimedIssuer(token)
  const server = servers.find(({ issuer }) => issuer === claimed)
  if (server === undefined) return err(claimed === undefined ? 'malformed' : 'unknown_issuer')

  let keySet: object = {}
  const findKey: JWTVerifyGetKey = async (...header) => {
    const found = await server.keys.find(...header)
    keySet = found.keySet
    return found.key
  }
  const { payload } = await jwtVerify(token, findKey, {
    algorithms: [...settings.algorithms],
    typ: ACCESS_TOKEN_TYPE,
    issuer: server.issuer,
    currentDate: new Date(settings.now() * 1000),
    clockTolerance: settings.clockTolerance,
  })

  const parsed = v.safeParse(AccessTokenClaims, payload)
  if (!parsed.success) return err('missing_claim')
  const claims = parsed.output
  if (!includesAudience(claims.aud, [settings.resource, ...settings.aliases])) return err('wrong_audience')
  // Bound to a key whose proof this module does not check: taking it as a bearer token would undo the binding.
  if (claims['cnf'] !== undefined) return err('sender_constrained')
  return ok({ claims, server, keySet })
}

/** Null: it was not. Asked with a copy, because the claims may be remembered. */
async function isRevoked(
  claims: AccessTokenClaims,
  settings: ResourceSettings,
): Promise<Result<never, 'revoked' | 'revocation_unavailable'> | null> {
  try {
    return (await settings.isRevoked({ ...claims })) ? err('revoked') : null
  } catch {
    return err('revocation_unavailable')
  }
}

/** At once: WebCrypto takes ten times as long to hear of so little as to hash it. */
const digestOf = (token: string): string => createHash('sha256').update(token).digest('base64url')

function claimedIssuer(token: string): string | undefined {
  try {
    const { iss } = decodeJwt(token)
    return typeof iss === 'string' ? iss : undefined
  } catch {
    return undefined
  }
}

/** The library's error as our reason. What it does not tell apart is `malformed`. */
function explain(error: unknown): TokenProblem | TokenTrouble {
  if (error instanceof KeysUnavailableError) return 'keys_unavailable'
  if (error instanceof errors.JWTExpired) return 'expired'
  if (error instanceof errors.JOSEAlgNotAllowed) return 'algorithm_not_allowed'
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'bad_signature'
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return 'unknown_key'
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'typ') return 'wrong_type'
    if (error.claim === 'nbf') return 'not_yet_valid'
    return 'missing_claim'
  }
  return 'malformed'
}
