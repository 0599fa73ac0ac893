/**
 * Puts the authorization server together: the lists of grant types and client authentication methods become both the dispatch
 * tables and the metadata.
 *
 * @module
 */
import type { JsonWebKeySet } from '../../shared/json-web-key-set.ts'
import type { AuthorizationServer } from './authorization-server.ts'
import { authorize } from './authorize/authorize.ts'
import { approve, deny, next } from './authorize/decide.ts'
import type { ClientAuthMethod } from './client-auth/client-auth-method.ts'
import { clientSecretBasic } from './client-auth/client-secret-basic.ts'
import { clientSecretPost } from './client-auth/client-secret-post.ts'
import { none } from './client-auth/none.ts'
import type { Dependencies, Origin } from './dependencies.ts'
import { authorizationCode } from './grants/authorization-code.ts'
import { refreshToken } from './grants/refresh-token.ts'
import { isLive, withdrawGrant } from './live-grant.ts'
import { memoizeLast } from './memoize-last.ts'
import { buildMetadata } from './metadata.ts'
import type { Resource } from './records.ts'
import { register } from './registration/register.ts'
import { revoke } from './revocation.ts'
import { type GrantTypes, token } from './token-endpoint.ts'

/** What the server speaks; everything when left out. */
export interface Offer {
  readonly grantTypes?: GrantTypes
  readonly clientAuthMethods?: readonly ClientAuthMethod[]
}

/**
 * The authorization server as functions, without a transport.
 *
 * @example const as = createAuthorizationServer({ settings, store, signer, sealer, hash, random, now, audit })
 */
export function createAuthorizationServer(
  ports: Omit<Dependencies, keyof Origin>,
  offer: Offer = {},
): AuthorizationServer {
  const {
    grantTypes = { authorization_code: authorizationCode, refresh_token: refreshToken },
    clientAuthMethods = [none, clientSecretBasic, clientSecretPost],
  } = offer
  const { settings, store, signer } = ports
  const within = (origin: Origin = NOWHERE): Dependencies => ({ ...ports, ...origin })
  const offered = { grantTypes: Object.keys(grantTypes), authMethods: clientAuthMethods.map(({ name }) => name) }
  const metadata = memoizeLast((resources: readonly Resource[], keys: JsonWebKeySet) =>
    buildMetadata(settings, offered, resources, keys),
  )

  return {
    issuer: settings.issuer,
    metadata: async () => metadata(await store.resources.list(), await signer.jwks()),
    jwks: () => signer.jwks(),

    authorize: (query, origin) => authorize(query, within(origin)),
    next: (request, userId, origin) => next(request, userId, within(origin)),
    approve: (request, userId, origin) => approve(request, userId, within(origin)),
    deny: (request, userId, origin) => deny(request, userId, within(origin)),

    token: (request, authorization, origin) =>
      token(request, authorization, { grantTypes, clientAuthMethods }, within(origin)),
    revoke: (request, authorization, origin) => revoke(request, authorization, clientAuthMethods, within(origin)),
    register: (request, origin) => register(request, offered, within(origin)),

    revokeGrant: (grantId, userId, origin) => withdrawGrant(grantId, userId, within(origin)),
    isLive: (claims) => isLive(claims, within()),
  }
}

const NOWHERE: Origin = { requestId: null }
