/**
 * Puts the authorization server together: the lists of grant types and client authentication methods become both the dispatch
 * tables and the metadata.
 *
 * @module
 */
import type { JsonWebKeySet } from '../../shared/json-web-key-set.ts'
import { TOKEN_EXCHANGE_GRANT } from '../../shared/token-exchange.ts'
import { JWT_BEARER_GRANT } from '../../shared/token-request.ts'
import type { AuthorizationServer } from './authorization-server.ts'
import { authorize } from './authorize/authorize.ts'
import { approve, deny, next } from './authorize/decide.ts'
import type { ClientAuthMethod } from './client-auth/client-auth-method.ts'
import { type ClientKeys, createClientKeys } from './client-auth/client-keys.ts'
import { clientSecretBasic } from './client-auth/client-secret-basic.ts'
import { clientSecretPost } from './client-auth/client-secret-post.ts'
import { none } from './client-auth/none.ts'
import { privateKeyJwt } from './client-auth/private-key-jwt.ts'
import type { AuthorizationServerSettings, Dependencies, Origin } from './dependencies.ts'
import { authorizationCode } from './grants/authorization-code.ts'
import { clientCredentials } from './grants/client-credentials.ts'
import { type Workloads, withWorkloads, workloadsOf } from './grants/jwt-bearer/workloads.ts'
import { jwtBearer } from './grants/jwt-bearer.ts'
import { refreshToken } from './grants/refresh-token.ts'
import { tokenExchange } from './grants/token-exchange.ts'
import { introspect } from './introspection.ts'
import { isLive, withdrawGrant } from './live-grant.ts'
import { memoizeLast } from './memoize-last.ts'
import { buildMetadata, endpointsOf } from './metadata.ts'
import type { Resource } from './records.ts'
import type { Offered } from './registration/check-registration.ts'
import { register } from './registration/register.ts'
import { revoke } from './revocation.ts'
import type { Dpop } from './sender.ts'
import { type GrantTypes, token } from './token-endpoint.ts'
import { createIssuerKeys } from './trusted-issuers/issuer-keys.ts'
import type { WifSettings } from './trusted-issuers/trusted-issuer.ts'

/** What the server speaks; everything when left out. */
export interface Offer {
  readonly grantTypes?: GrantTypes
  readonly clientAuthMethods?: readonly ClientAuthMethod[]
}

/** What it is given; the rest of the dependencies is made of it. */
type Ports = Omit<Dependencies, keyof Origin | 'clientKeys'>

/**
 * The authorization server as functions, without a transport.
 *
 * @example const as = createAuthorizationServer({ settings, store, signer, sealer, hash, random, outbound, now, audit })
 */
export function createAuthorizationServer(ports: Ports, offer: Offer = {}): AuthorizationServer {
  const clientKeys = createClientKeys(ports)
  const workloads = workloadsOf(ports.settings.wif ?? NO_WORKLOADS)
  const {
    grantTypes = grantTypesFor(ports, workloads),
    clientAuthMethods = [none, clientSecretBasic, clientSecretPost, assertionMethod(ports, clientKeys)],
  } = offer
  const { settings, signer } = ports
  const store = { ...ports.store, clients: withWorkloads(ports.store.clients, workloads) }
  const within = (origin: Origin = NOWHERE): Dependencies => ({ ...ports, store, clientKeys, ...origin })
  const offered = namesOf(grantTypes, clientAuthMethods, ports.dpop)
  const metadata = memoizeLast((resources: readonly Resource[], keys: JsonWebKeySet) =>
    buildMetadata(settings, offered, resources, keys, ports.clientDocuments?.areRead),
  )

  return {
    issuer: settings.issuer,
    metadata: async () => metadata(await store.resources.list(), await signer.jwks()),
    jwks: () => signer.jwks(),

    async authorize(query, presence = { signedIn: false }, origin) {
      const outcome = await authorize(query, presence, within(origin))
      // While the person reads the consent page, and while the client's site is up.
      if (presence.signedIn && outcome.kind === 'valid') clientKeys.prepare(outcome.request.client)
      return outcome
    },
    next: (request, userId, origin, session = null) =>
      next(request, userId === null ? null : { userId, session }, within(origin)),
    approve: (request, userId, origin, session = null) => approve(request, { userId, session }, within(origin)),
    deny: (request, userId, origin) => deny(request, userId, within(origin)),

    token: (request, authorization, origin, proof = null) =>
      token(request, { authorization, proof }, { grantTypes, clientAuthMethods }, within(origin)),
    revoke: (request, authorization, origin) => revoke(request, authorization, clientAuthMethods, within(origin)),
    introspect: (request, authorization, origin) =>
      introspect(request, authorization, clientAuthMethods, within(origin)),
    register: (request, authorization, origin) =>
      register(request, authorization, forStrangers(offered, settings), within(origin)),

    revokeGrant: (grantId, userId, origin) => withdrawGrant(grantId, userId, within(origin)),
    isLive: (claims) => isLive(claims, within()),
  }
}

const NOWHERE: Origin = { requestId: null }

const namesOf = (grantTypes: GrantTypes, methods: readonly ClientAuthMethod[], dpop: Dpop | undefined): Offered => ({
  grantTypes: Object.keys(grantTypes),
  authMethods: methods.map(({ name }) => name),
  dpopAlgorithms: dpop?.algorithms ?? [],
})

/** Nobody has looked at a client that registers itself, so it gets no tokens unless somebody else has: a person, or their provider. */
const forStrangers = (offered: Offered, { xaa }: AuthorizationServerSettings): Offered => ({
  ...offered,
  grantTypes: offered.grantTypes.filter(
    (type) =>
      type !== 'client_credentials' &&
      type !== TOKEN_EXCHANGE_GRANT &&
      (type !== JWT_BEARER_GRANT || xaa !== undefined),
  ),
})

const grantTypesFor = (ports: Ports, workloads: Workloads): GrantTypes => ({
  authorization_code: authorizationCode,
  refresh_token: refreshToken,
  ...(ports.settings.clientCredentials ? { client_credentials: clientCredentials } : {}),
  ...(ports.settings.tokenExchange !== undefined || ports.settings.idJag !== undefined
    ? { [TOKEN_EXCHANGE_GRANT]: tokenExchange }
    : {}),
  ...(ports.settings.xaa !== undefined || workloads.size > 0
    ? { [JWT_BEARER_GRANT]: assertionGrant(ports, workloads) }
    : {}),
})

function assertionGrant(
  { settings, store, outbound, outboundForIssuers = outbound, now }: Ports,
  workloads: Workloads,
) {
  const keys = createIssuerKeys({ outbound: outboundForIssuers, store, now })
  return jwtBearer({ xaa: settings.xaa, workloads, keys })
}

const NO_WORKLOADS: WifSettings = { issuers: [], workloads: [] }

function assertionMethod({ settings, store }: Ports, keys: ClientKeys): ClientAuthMethod {
  const { token_endpoint } = endpointsOf(settings.issuer)
  return privateKeyJwt({
    audiences: [settings.issuer, ...(settings.tokenEndpointAudience ? [token_endpoint] : [])],
    keys,
    replays: store.replays,
  })
}
