/**
 * Minting an ID-JAG: what this server, as an identity provider, says of a person to another authorization server.
 *
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 3.1 (claims), section 4.3.4 (response), section 9.9.1.1 (`cnf`)
 * @see RFC 8693 section 2.2.1: `token_type` N_A
 * @module
 */
import { ID_JAG_TOKEN_TYPE } from '../../../shared/id-jag.ts'
import { formatScope } from '../../../shared/scope.ts'
import type { TokenResponse } from '../../../shared/token-response.ts'
import type { Dependencies } from '../dependencies.ts'
import type { IdJagEntitlement } from '../grants/grant-type.ts'

export async function mintIdJag(
  { idJag, userId, grant, act, sender }: IdJagEntitlement,
  { settings, signer, random, now }: Dependencies,
): Promise<TokenResponse> {
  const { issuer, clientId, resources, scopes } = idJag
  const iat = now()
  const exp = grant.expiresAt
  const scope = formatScope(scopes)
  const [only = '', ...others] = resources
  const resource = others.length === 0 ? only : [...resources]
  const access_token = await signer.signIdJag({
    iss: settings.issuer,
    sub: userId,
    aud: issuer,
    client_id: clientId,
    jti: random(16),
    iat,
    exp,
    resource,
    ...(scope === '' ? {} : { scope }),
    ...(act === undefined ? {} : { act }),
    ...(sender === null ? {} : { cnf: { jkt: sender.thumbprint } }),
  })
  return {
    access_token,
    issued_token_type: ID_JAG_TOKEN_TYPE,
    token_type: 'N_A',
    expires_in: exp - iat,
    scope,
    resource,
  }
}
