/**
 * The tokens that are presented for an exchange: access tokens of ours, that still count, in the hands of whom they are bound to.
 *
 * @see RFC 8693 section 2.1 (`subject_token`, `actor_token`), section 2.2.2 (`invalid_request` for what is not acceptable)
 * @see RFC 9449 section 5: the key that a token is bound to
 * @module
 */
import type { AccessTokenClaims } from '../../../../shared/access-token.ts'
import { err, ok, type Result } from '../../../../shared/result.ts'
import { ACCESS_TOKEN_TOKEN_TYPE, JWT_TOKEN_TYPE } from '../../../../shared/token-exchange.ts'
import type { Dependencies } from '../../dependencies.ts'
import { isLive } from '../../live-grant.ts'
import type { Client, Resource } from '../../records.ts'
import { type Reason, type Rejection, reject } from '../../rejection.ts'
import type { Sender } from '../../sender.ts'
import { ancestryOf, grantOfAccessToken } from '../../tokens/access-token-id.ts'

/** Both names fit: our access tokens are JWTs. */
export const isAccessTokenType = (type: string): boolean => type === ACCESS_TOKEN_TOKEN_TYPE || type === JWT_TOKEN_TYPE

/** Which part it plays, with the reasons that go with it. */
const REASONS = {
  subject: {
    unknown: 'unknown_subject_token',
    expired: 'expired_subject_token',
    dead: 'dead_subject_token',
    wrongKey: 'wrong_subject_token_key',
  },
  actor: {
    unknown: 'unknown_actor_token',
    expired: 'expired_actor_token',
    dead: 'dead_actor_token',
    wrongKey: 'wrong_actor_token_key',
  },
} as const satisfies Record<string, Record<string, Reason>>

export async function readPresented(
  token: string,
  part: keyof typeof REASONS,
  sender: Sender,
  deps: Dependencies,
): Promise<Result<AccessTokenClaims, Rejection>> {
  const claims = await deps.signer.readAccessToken(token)
  const checked = checkPresented(claims, part, sender, { issuer: deps.settings.issuer, now: deps.now() })
  if (!checked.ok || (await isLive(checked.value, deps))) return checked
  const grantId = grantOfAccessToken(checked.value.jti)
  return err({ reason: REASONS[part].dead, ...(grantId === null ? {} : { grantId }) })
}

/** Pure. `claims`: null for what none of our keys signed as an access token. */
export function checkPresented(
  claims: AccessTokenClaims | null,
  part: keyof typeof REASONS,
  sender: Sender,
  { issuer, now }: { readonly issuer: string; readonly now: number },
): Result<AccessTokenClaims, Rejection> {
  const { unknown, expired, wrongKey } = REASONS[part]
  if (claims === null || claims.iss !== issuer) return reject(unknown)
  if (claims.exp <= now) return reject(expired)
  if (claims.cnf === undefined) return ok(claims)
  if (sender === null) return reject('missing_dpop_proof')
  return claims.cnf.jkt === sender.thumbprint ? ok(claims) : reject(wrongKey)
}

/**
 * Pure. An actor is the client itself, or a person who is there through it; nobody who is represented by others. What the client exchanged for the
 * token of somebody else names that one, who never asked to act. Its token may be for any resource that is there: it is shown for whom it names. For one
 * that was taken away it is good for nothing, not even for this.
 */
export function checkActor(
  claims: AccessTokenClaims,
  client: Client,
  resources: readonly Resource[],
): Result<AccessTokenClaims, Rejection> {
  const audience = [claims.aud].flat()
  if (!resources.some(({ identifier }) => audience.includes(identifier))) return reject('unknown_actor_token')
  if (claims.act !== undefined) return reject('delegated_actor_token')
  return wasAlwaysOf(claims, client) ? ok(claims) : reject('foreign_actor_token')
}

/** Pure. Whether it was issued to the client, and made of nothing that was issued to another one. */
export const wasAlwaysOf = ({ client_id, jti }: AccessTokenClaims, { id }: Client): boolean =>
  [client_id, ...(ancestryOf(jti)?.clientIds ?? [])].every((holder) => holder === id)
