/**
 * One refresh request: the token, the client and the key that belong to a credential, at the server that issued it.
 *
 * @see OAuth 2.1 section 4.3 (draft-ietf-oauth-v2-1-16)
 * @see RFC 9449 section 5: a refresh token of a public client is bound to the key
 * @module
 */
import { isRecord, isText } from '../../shared/guard.ts'
import { type ClientContext, randomToken } from '../context.ts'
import { discoveryOf } from '../discovery/discover.ts'
import { AuthorizationRequiredError } from '../errors.ts'
import type { JsonAnswer } from '../http/request-json.ts'
import { findIdentity } from '../registration/choose.ts'
import { type Credential, mustBeBound, toCredential } from '../token/credential.ts'
import { askTokenEndpoint, readTokens } from '../token/token-request.ts'

/**
 * Asks for a successor of `present`, and stores nothing but a refresh token that would be lost otherwise.
 *
 * @throws {AuthorizationRequiredError} where there is nothing to ask with
 * @throws {SallyportError} as `readTokens` and `toCredential`
 */
export async function requestRefresh(context: ClientContext, key: string, present: Credential): Promise<Credential> {
  const { refreshToken, issuer, clientId, resource, requestedScope } = present
  const personNeeded = (reason: 'token_rejected' | 'refresh_rejected') =>
    new AuthorizationRequiredError(reason, context.resource, requestedScope)
  if (refreshToken === undefined) throw personNeeded('token_rejected')

  const discovery = await discoveryOf(context, issuer)
  if (discovery === undefined) throw new AuthorizationRequiredError('authorization_server_changed', context.resource)
  const { serverMetadata, resourceMetadata } = discovery
  // Told at the sign-in, or since.
  const required = mustBeBound(context, present) || resourceMetadata.dpop_bound_access_tokens_required === true
  // Nothing that comes of it will do: only a new sign-in has a key.
  if (required && present.dpop === undefined) throw personNeeded('token_rejected')
  const dpop = present.dpop && { key: present.dpop.key, required }
  const identity = await findIdentity(context, issuer, clientId)
  if (identity === undefined) throw personNeeded('refresh_rejected')

  const params = { grant_type: 'refresh_token', refresh_token: refreshToken, resource }
  // Detached: breaking it off could lose a token that has already been rotated.
  const answer = await askTokenEndpoint(context, serverMetadata, identity, params, { key: dpop?.key, detached: true })
  try {
    return toCredential(readTokens(answer), { ...present, dpop }, context.now())
  } catch (unusable) {
    await keepRotated(context, key, present, answer)
    throw unusable
  }
}

const isRotation = isRecord({ refresh_token: isText })

/** The rest is of no use, but the refresh token has been rotated all the same: without the new one the grant is lost. */
async function keepRotated(
  { store }: ClientContext,
  key: string,
  present: Credential,
  { status, json }: JsonAnswer,
): Promise<void> {
  if (status !== 200 || !isRotation(json)) return
  const rotated = { ...present, refreshToken: json.refresh_token, generation: randomToken(16) }
  await store.set(key, rotated, present.generation)
}
