/**
 * Telling the authorization server that a credential is done with.
 *
 * @see RFC 7009 section 2.1 (request), section 2.2 (200 also for an unknown token)
 * @module
 */
import { writeForm } from '../shared/form.ts'
import type { ClientContext } from './context.ts'
import type { ValidatedServerMetadata } from './discovery/discovery.ts'
import { requestHead } from './http/request-json.ts'
import type { ClientIdentity } from './registration/client-identity.ts'
import { authenticateClient } from './token/client-authentication.ts'
import type { Credential } from './token/credential.ts'

/**
 * Revokes the refresh token, then the access token. `unsupported` where the server has no revocation endpoint; `false` where it did
 * not say yes to both. Throws nothing: a sign-out must not hang on a server's mood.
 */
export async function revoke(
  context: ClientContext,
  server: ValidatedServerMetadata,
  identity: ClientIdentity,
  credential: Credential,
  signal?: AbortSignal,
): Promise<boolean | 'unsupported'> {
  const url = server.revocation_endpoint
  if (url === undefined) return 'unsupported'
  const revokeOne = async (token: string, hint: string): Promise<boolean> => {
    const authentication = await authenticateClient(context, identity, server)
    const { status } = await requestHead(context, {
      purpose: 'revocation',
      url,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...authentication.headers },
      body: writeForm({ token, token_type_hint: hint, ...authentication.params }).toString(),
      signal,
    })
    return status === 200
  }
  try {
    const { refreshToken, accessToken } = credential
    const refreshGone = refreshToken === undefined || (await revokeOne(refreshToken, 'refresh_token'))
    const accessGone = await revokeOne(accessToken, 'access_token')
    return refreshGone && accessGone
  } catch {
    return false
  }
}
