/**
 * Minting: the one place where an access token is made.
 *
 * @see RFC 9068 section 2
 * @see RFC 6749 section 5.1
 * @see RFC 9449 section 6.1: `cnf`
 * @see RFC 8693 section 4.1 and section 4.4: `act`, `may_act`
 * @see docs/adr/0203-agents.md: `agent_id`, `agent_chain`
 * @see docs/adr/0109-lifetimes-per-resource.md
 * @module
 */
import { formatScope } from '../../../shared/scope.ts'
import type { TokenResponse } from '../../../shared/token-response.ts'
import { agentClaims } from '../agents.ts'
import type { Dependencies } from '../dependencies.ts'
import type { Entitlement } from '../grants/grant-type.ts'
import type { Client } from '../records.ts'
import { formatAccessTokenId } from './access-token-id.ts'

export async function mint(entitlement: Entitlement, client: Client, deps: Dependencies): Promise<TokenResponse> {
  const { grant, admission, scopes, refreshToken, exchanged, agentChain } = entitlement
  const { resource, sender } = admission
  const { settings, signer, random, now } = deps
  const iat = now()
  // A token never outlives its grant.
  const exp = Math.min(iat + (resource.accessTokenLifetime ?? settings.accessTokenLifetime), grant.expiresAt)
  const scope = formatScope(scopes)
  const mayAct = settings.tokenExchange?.mayAct.get(grant.resource)
  const access_token = await signer.signAccessToken({
    iss: settings.issuer,
    sub: grant.userId,
    aud: grant.resource,
    client_id: grant.clientId,
    iat,
    exp,
    jti: exchanged === undefined ? formatAccessTokenId(grant.id, random(16)) : exchanged.id(random(16)),
    ...(scope === '' ? {} : { scope }),
    ...(sender === null ? {} : { cnf: { jkt: sender.thumbprint } }),
    ...(exchanged?.act === undefined ? {} : { act: exchanged.act }),
    ...(mayAct === undefined ? {} : { may_act: { sub: mayAct } }),
    ...agentClaims(client, agentChain),
  })
  return {
    access_token,
    token_type: sender === null ? 'Bearer' : 'DPoP',
    expires_in: exp - iat,
    ...(refreshToken === null ? {} : { refresh_token: refreshToken }),
    scope,
    ...(exchanged === undefined ? {} : { issued_token_type: exchanged.type }),
    ...(entitlement.tellResource === true ? { resource: grant.resource } : {}),
  }
}
