/**
 * Verifies a JWT access token for one resource.
 *
 * @see RFC 9068 section 4: the checks
 * @see RFC 8725 section 3: allow-listed algorithms, explicit type, issuer bound to its own keys
 * @module
 */
import { decodeJwt, errors, jwtVerify } from 'jose'
import * as v from 'valibot'
import { ACCESS_TOKEN_TYPE, AccessTokenClaims } from '../../shared/access-token.ts'
import { err, ok, type Result } from '../../shared/result.ts'
import { includesAudience } from './audience.ts'
import type { AuthorizationServer } from './authorization-server.ts'
import type { TokenProblem, TokenTrouble } from './events.ts'
import { KeysUnavailableError } from './jwks.ts'
import type { ResourceSettings } from './resource-options.ts'

/** The claims of a good token; else what is wrong with it, or what kept us from telling. Never rejects for a token's sake. */
export async function verifyAccessToken(
  token: string,
  servers: readonly AuthorizationServer[],
  settings: ResourceSettings,
): Promise<Result<AccessTokenClaims, TokenProblem | TokenTrouble>> {
  // The issuer is only claimed yet. It chooses among the configured key sets, and one of those must then bear it out.
  const server = servers.find(({ issuer }) => issuer === claimedIssuer(token))
  if (server === undefined) return err(claimedIssuer(token) === undefined ? 'malformed' : 'unknown_issuer')

  let payload: unknown
  try {
    const verified = await jwtVerify(token, server.keys, {
      algorithms: [...settings.algorithms],
      typ: ACCESS_TOKEN_TYPE,
      issuer: server.issuer,
      currentDate: new Date(settings.now() * 1000),
      clockTolerance: settings.clockTolerance,
    })
    payload = verified.payload
  } catch (error) {
    return err(explain(error))
  }

  const parsed = v.safeParse(AccessTokenClaims, payload)
  if (!parsed.success) return err('missing_claim')
  const claims = parsed.output
  if (!includesAudience(claims.aud, [settings.resource, ...settings.aliases])) return err('wrong_audience')
  // Bound to a key whose proof this module does not check: taking it as a bearer token would undo the binding.
  if (claims['cnf'] !== undefined) return err('sender_constrained')

  try {
    return (await settings.isRevoked(claims)) ? err('revoked') : ok(claims)
  } catch {
    return err('revocation_unavailable')
  }
}

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
