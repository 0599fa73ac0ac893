/**
 * Revocation: a refresh token takes its family along, an access token dies alone. Unknown and dead tokens are fine: they are gone.
 * Those of another client are left alone, and nobody is told that they are any.
 *
 * @see RFC 7009 section 2
 * @see docs/adr/0127-tokens-of-other-clients.md
 * @module
 */
import { ok, type Result } from '../../shared/result.ts'
import type { RevocationRequest } from '../../shared/revocation-request.ts'
import { auditEntry } from './audit.ts'
import { claimsOf } from './claimed.ts'
import { authenticateClient } from './client-auth/authenticate-client.ts'
import type { ClientAuthMethod } from './client-auth/client-auth-method.ts'
import type { Dependencies } from './dependencies.ts'
import { revokeGrant } from './live-grant.ts'
import type { Client } from './records.ts'
import { type Rejection, reject } from './rejection.ts'
import { grantOfAccessToken, stemOf } from './tokens/access-token-id.ts'
import { hashOpaqueToken } from './tokens/opaque-token.ts'

export async function revoke(
  request: RevocationRequest,
  authorization: string | null,
  methods: readonly ClientAuthMethod[],
  deps: Dependencies,
): Promise<Result<null, Rejection>> {
  const tools = { methods, clients: deps.store.clients, hash: deps.hash, now: deps.now() }
  const client = await authenticateClient({ ...request, authorization }, tools)
  if (!client.ok) {
    const entry = auditEntry({ type: 'revocation_rejected', ...client.error }, deps)
    deps.audit({ ...entry, claimed: claimsOf(request, authorization) })
    return client
  }
  const outcome = await revokeToken(request.token, client.value, deps)
  if (!outcome.ok) {
    const { reason } = outcome.error
    deps.audit(auditEntry({ type: 'revocation_rejected', reason, clientId: client.value.id }, deps))
  }
  return ok(null)
}

/** The request's hint would only save a look-up: both kinds are tried. */
async function revokeToken(value: string, client: Client, deps: Dependencies): Promise<Result<null, Rejection>> {
  return (await revokeRefreshToken(value, client, deps)) ?? (await revokeAccessToken(value, client, deps)) ?? ok(null)
}

async function revokeRefreshToken(value: string, client: Client, deps: Dependencies) {
  const { store, hash } = deps
  const presented = await store.refreshTokens.find(await hashOpaqueToken(value, hash))
  if (presented === null) return null
  const { grant } = presented
  if (grant.clientId !== client.id) return reject('client_mismatch')
  await revokeGrant(grant, 'revocation_request', deps)
  return ok(null)
}

async function revokeAccessToken(value: string, client: Client, deps: Dependencies) {
  const { store, signer, audit } = deps
  const claims = await signer.readAccessToken(value)
  if (claims === null) return null
  if (claims.client_id !== client.id) return reject('client_mismatch')
  const grantId = grantOfAccessToken(claims.jti)
  // Where there is no grant the subject is the client itself.
  const parties = { grantId, userId: grantId === null ? null : claims.sub, clientId: client.id }
  const resource = [claims.aud].flat().join(' ')
  const entry = auditEntry({ type: 'token_revoked', ...parties, resource }, deps)
  if (await store.revokedTokens.remember(stemOf(claims.jti), claims.exp, entry)) audit(entry)
  return ok(null)
}
