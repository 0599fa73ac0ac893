/**
 * Verifies a JWT access token for one resource.
 *
 * @see RFC 9068 section 4: the checks
 * @see RFC 8725 section 3: allow-listed algorithms, explicit type, issuer bound to its own keys
 * @module
 */
import { hash } from 'node:crypto'
import { errors } from 'jose'
import type { AccessTokenClaims } from '../../shared/access-token.ts'
import { err, ok, type Result } from '../../shared/result.ts'
import type { AuthorizationServer } from './authorization-server.ts'
import type { TokenProblem, TokenTrouble } from './events.ts'
import { KeysUnavailableError } from './jwks.ts'
import { parseJws } from './jws.ts'
import type { ResourceSettings } from './resource-options.ts'
import { createSeenTokens, type SeenToken } from './seen-tokens.ts'
import { checkClaims } from './token-claims.ts'

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

  return async (token) => {
    const digest = digestOf(token)
    try {
      const before = seen.find(digest)
      // Whatever changed in the set, perhaps this key is gone.
      const isStillGood = before !== null && (await before.server.keys.current()) === before.keySet
      const verified = isStillGood ? ok(before) : await verify(token, servers, settings)
      if (!verified.ok) return verified
      if (!isStillGood) seen.remember(digest, verified.value)
      const { claims } = verified.value
      return (await isRevoked(claims, settings)) ?? ok({ claims, digest })
    } catch (error) {
      return err(explain(error))
    }
  }
}

/** All that can be told from the token and the keys. Rejects as the key finder does. */
async function verify(
  token: string,
  servers: readonly AuthorizationServer[],
  settings: ResourceSettings,
): Promise<Result<SeenToken, TokenProblem>> {
  const jws = parseJws(token)
  const claimed = jws?.payload['iss']
  if (jws === null || typeof claimed !== 'string') return err('malformed')
  // The issuer is only claimed yet. It chooses among the configured key sets, and one of those must then bear it out.
  const server = servers.find(({ issuer }) => issuer === claimed)
  if (server === undefined) return err('unknown_issuer')
  if (!settings.algorithms.includes(jws.header.alg)) return err('algorithm_not_allowed')
  const { check, keySet } = await server.keys.find(jws.header)
  if (!check(jws)) return err('bad_signature')
  const claims = checkClaims(jws, settings)
  return claims.ok ? ok({ claims: claims.value, server, keySet }) : claims
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
const digestOf = (token: string): string => hash('sha256', token, 'base64url')

/** The library's error as our reason. A key that cannot be imported is `malformed`. */
function explain(error: unknown): TokenProblem | TokenTrouble {
  if (error instanceof KeysUnavailableError) return 'keys_unavailable'
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return 'unknown_key'
  return 'malformed'
}
