/**
 * Telling the authorization server that a credential is done with.
 *
 * @see RFC 7009 section 2.1 (request), section 2.2 (200 also for an unknown token), section 2.2.1 (`unsupported_token_type`)
 * @module
 */
import { isForeignOAuthError } from '../shared/foreign-oauth-error.ts'
import type { ClientContext } from './context.ts'
import type { ValidatedServerMetadata } from './discovery/discovery.ts'
import type { ClientIdentity } from './registration/client-identity.ts'
import type { Credential } from './token/credential.ts'
import { sendForm } from './token/send-form.ts'

/** `unsupported`: the server cannot revoke, or not this kind of token. */
type Revoked = boolean | 'unsupported'

/**
 * Revokes the refresh token, then the access token. `unsupported` where the server has no revocation endpoint; `false` where it did not
 * say yes. An access token that cannot be revoked on its own is no failure once the refresh token has been: it soon expires. Throws
 * nothing: a sign-out must not hang on a server's mood.
 */
export async function revoke(
  context: ClientContext,
  server: ValidatedServerMetadata,
  identity: ClientIdentity,
  { refreshToken, accessToken }: Credential,
  signal?: AbortSignal,
): Promise<Revoked> {
  const url = server.revocation_endpoint
  if (url === undefined) return 'unsupported'
  const revokeOne = async (token: string, hint: string): Promise<Revoked> => {
    const params = { token, token_type_hint: hint }
    const { status, json } = await sendForm(context, server, identity, params, { purpose: 'revocation', url, signal })
    if (isForeignOAuthError(json) && json.error === 'unsupported_token_type') return 'unsupported'
    return status === 200
  }
  try {
    const refreshGone = refreshToken === undefined ? undefined : await revokeOne(refreshToken, 'refresh_token')
    const accessGone = await revokeOne(accessToken, 'access_token')
    if (refreshGone === undefined || refreshGone === accessGone) return accessGone
    return refreshGone === true && accessGone === 'unsupported'
  } catch {
    return false
  }
}
