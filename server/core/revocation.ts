/**
 * Revocation: a refresh token takes its family along, an access token dies alone. Unknown and dead tokens are fine: they are gone.
 *
 * @see RFC 7009 section 2
 * @module
 */
import { ok, type Result } from '../../shared/result.ts'
import type { RevocationRequest } from '../../shared/revocation-request.ts'
import { authenticateClient } from './client-auth/authenticate-client.ts'
import type { ClientAuthMethod } from './client-auth/client-auth-method.ts'
import type { Dependencies } from './dependencies.ts'
import type { Client } from './records.ts'
import { type Rejection, reject } from './rejection.ts'
import { grantOfAccessToken } from './tokens/access-token-id.ts'
import { hashOpaqueToken } from './tokens/opaque-token.ts'

export async function revoke(
  request: RevocationRequest,
  authorization: string | null,
  methods: readonly ClientAuthMethod[],
  deps: Dependencies,
): Promise<Result<null, Rejection>> {
  const tools = { methods, clients: deps.store.clients, hash: deps.hash, now: deps.now() }
  const client = await authenticateClient({ ...request, authorization }, tools)
  const outcome = client.ok ? await revokeToken(request.token, client.value, deps) : client
  if (!outcome.ok) {
    const clientId = client.ok ? { clientId: client.value.id } : {}
    deps.audit({ type: 'revocation_rejected', reason: outcome.error.reason, ...clientId })
  }
  return outcome
}

/** The request's hint would only save a look-up: both kinds are tried. */
async function revokeToken(value: string, client: Client, deps: Dependencies): Promise<Result<null, Rejection>> {
  return (await revokeRefreshToken(value, client, deps)) ?? (await revokeAccessToken(value, client, deps)) ?? ok(null)
}

async function revokeRefreshToken(value: string, client: Client, deps: Dependencies) {
  const { store, hash, now, audit } = deps
  const presented = await store.refreshTokens.find(await hashOpaqueToken(value, hash))
  if (presented === null) return null
  const { grant } = presented
  if (grant.clientId !== client.id) return reject('client_mismatch')
  if (await store.grants.revoke(grant.id, now())) {
    audit({ type: 'grant_revoked', grantId: grant.id, reason: 'revocation_request' })
  }
  return ok(null)
}

async function revokeAccessToken(value: string, client: Client, { store, signer, audit }: Dependencies) {
  const claims = await signer.readAccessToken(value)
  if (claims === null) return null
  if (claims.client_id !== client.id) return reject('client_mismatch')
  if (await store.revokedTokens.remember(claims.jti, claims.exp)) {
    audit({ type: 'token_revoked', grantId: grantOfAccessToken(claims.jti), clientId: client.id })
  }
  return ok(null)
}
