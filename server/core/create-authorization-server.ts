/**
 * Puts the authorization server together: the lists of grant types and client authentication methods become both the dispatch
 * tables and the metadata.
 *
 * @module
 */
import type { AuthorizationServer } from './authorization-server.ts'
import { authorize } from './authorize/authorize.ts'
import { issueCode } from './authorize/issue-code.ts'
import { canRememberConsent, nextStep } from './authorize/next-step.ts'
import { errorRedirect } from './authorize/redirect.ts'
import type { ValidRequest } from './authorize/request.ts'
import type { ClientAuthMethod } from './client-auth/client-auth-method.ts'
import { clientSecretBasic } from './client-auth/client-secret-basic.ts'
import { clientSecretPost } from './client-auth/client-secret-post.ts'
import { none } from './client-auth/none.ts'
import type { Dependencies } from './dependencies.ts'
import { authorizationCode } from './grants/authorization-code.ts'
import { refreshToken } from './grants/refresh-token.ts'
import { buildMetadata } from './metadata.ts'
import { register } from './registration/register.ts'
import { revoke } from './revocation.ts'
import { type GrantTypes, token } from './token-endpoint.ts'
import { grantOfAccessToken } from './tokens/access-token-id.ts'

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
  const { settings, store, signer, now, audit } = deps
  const offered = { grantTypes: Object.keys(grantTypes), authMethods: clientAuthMethods.map(({ name }) => name) }

  return {
    issuer: settings.issuer,
    metadata: async () => buildMetadata(settings, offered, await store.resources.list(), await signer.jwks()),
    jwks: () => signer.jwks(),

    authorize: (query) => authorize(query, deps),

    async next(request, userId) {
      const step = nextStep(request, userId, await rememberedConsent(request, userId))
      if (typeof step === 'object') {
        return { kind: 'redirect', location: errorRedirect(request, step.refuse, settings.issuer) }
      }
      if (step !== 'issue' || userId === null) return { kind: step === 'consent' ? 'consent' : 'sign_in' }
      return { kind: 'redirect', location: await issueCode(request, userId, deps) }
    },

    async approve(request, userId) {
      const { client, resource, scopes } = request
      if (canRememberConsent(client)) {
        const agreed = { userId, clientId: client.id, resource: resource.identifier, scopes, grantedAt: now() }
        await store.consents.remember(agreed)
      }
      return issueCode(request, userId, deps)
    },

    deny(request, userId) {
      const resource = request.resource.identifier
      audit({ type: 'authorization_denied', userId, clientId: request.client.id, resource })
      return errorRedirect(request, 'denied_by_user', settings.issuer)
    },

    token: (request, authorization) => token(request, authorization, { grantTypes, clientAuthMethods }, deps),
    revoke: (request, authorization) => revoke(request, authorization, clientAuthMethods, deps),
    register: (request) => register(request, offered, deps),

    async revokeGrant(grantId, userId) {
      const grant = await store.grants.find(grantId)
      if (grant === null || grant.userId !== userId) return false
      await store.consents.forget(userId, grant.clientId, grant.resource)
      const revoked = await store.grants.revoke(grantId, now())
      if (revoked) audit({ type: 'grant_revoked', grantId, reason: 'user' })
      return revoked
    },

    async isLive({ jti }) {
      if (await store.revokedTokens.has(jti)) return false
      const grant = await store.grants.find(grantOfAccessToken(jti))
      return grant !== null && grant.revokedAt === null
    },
  }

  async function rememberedConsent(request: ValidRequest, userId: string | null) {
    if (userId === null || !canRememberConsent(request.client)) return null
    return store.consents.find(userId, request.client.id, request.resource.identifier)
  }
}
