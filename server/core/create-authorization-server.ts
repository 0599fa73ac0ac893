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
import type { Dependencies } from './dependencies.ts'
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
export function createAuthorizationServer(deps: Dependencies, offer: Offer = {}): AuthorizationServer {
  const {
    grantTypes = { authorization_code: authorizationCode, refresh_token: refreshToken },
    clientAuthMethods = [none, clientSecretBasic, clientSecretPost],
  } = offer
  const { settings, store, signer } = deps
  const offered = { grantTypes: Object.keys(grantTypes), authMethods: clientAuthMethods.map(({ name }) => name) }
  const metadata = memoizeLast((resources: readonly Resource[], keys: JsonWebKeySet) =>
    buildMetadata(settings, offered, resources, keys),
  )

  return {
    issuer: settings.issuer,
    metadata: async () => metadata(await store.resources.list(), await signer.jwks()),
    jwks: () => signer.jwks(),

    authorize: (query) => authorize(query, deps),
    next: (request, userId) => next(request, userId, deps),
    approve: (request, userId) => approve(request, userId, deps),
    deny: (request, userId) => deny(request, userId, deps),

    token: (request, authorization) => token(request, authorization, { grantTypes, clientAuthMethods }, deps),
    revoke: (request, authorization) => revoke(request, authorization, clientAuthMethods, deps),
    register: (request) => register(request, offered, deps),

    revokeGrant: (grantId, userId) => withdrawGrant(grantId, userId, deps),
    isLive: (claims) => isLive(claims, deps),
  }
}
