/**
 * The code for tokens.
 *
 * @see OAuth 2.1 section 4.1.3 (draft-ietf-oauth-v2-1-16): the token request
 * @see RFC 8707 section 2.2: `resource` again
 * @see RFC 9449 section 10: with the key that `dpop_jkt` named
 * @module
 */
import type { ClientContext } from '../context.ts'
import type { ClientIdentity } from '../registration/client-identity.ts'
import { type Credential, toCredential } from '../token/credential.ts'
import { requestToken } from '../token/token-request.ts'
import type { VerifiedCallback } from './callback.ts'

/**
 * Redeems the code at the token endpoint that the flow recorded, whatever has been discovered since.
 *
 * @throws {SallyportError} as `requestToken`, and `toCredential`
 */
export async function exchangeCode(
  context: ClientContext,
  { code, flow }: VerifiedCallback,
  identity: ClientIdentity,
  signal?: AbortSignal,
): Promise<Credential> {
  const params = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: flow.redirectUri,
    code_verifier: flow.codeVerifier,
    resource: flow.resource,
  }
  const answer = await requestToken(context, flow.server, identity, params, { key: flow.dpop?.key, signal })
  return toCredential(answer, { ...flow, requestedScope: flow.scope }, context.now())
}
