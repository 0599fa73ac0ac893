/**
 * Authorization server metadata, built from what is on offer, so that it cannot say anything else.
 *
 * @see RFC 8414 section 2
 * @see RFC 9449 section 5.1: `dpop_signing_alg_values_supported`
 * @see RFC 9728 section 4: `protected_resources`
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 7.1: which assertions this server issues
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 7.2 and section 9.5: the profile, and no list of issuers
 * @see OpenID Connect Discovery 1.0 section 3: the same document under the other name
 * @see docs/adr/0203-agents.md: `agent_identity_supported`
 * @see docs/adr/0128-resource-indicators-supported.md
 * @module
 */
import type { AuthorizationServerMetadata } from '../../shared/authorization-server-metadata.ts'
import { ID_JAG_PROFILE, ID_JAG_TOKEN_TYPE } from '../../shared/id-jag.ts'
import type { JsonWebKeySet } from '../../shared/json-web-key-set.ts'
import { unionScopes } from '../../shared/scope.ts'
import { ASSERTION_ALGORITHMS } from './client-auth/client-assertion.ts'
import type { AuthorizationServerSettings } from './dependencies.ts'
import { OFFLINE_ACCESS } from './offline-access.ts'
import type { Resource } from './records.ts'
import type { Offered } from './registration/check-registration.ts'

export function buildMetadata(
  settings: AuthorizationServerSettings,
  offered: Offered,
  resources: readonly Resource[],
  { keys }: JsonWebKeySet,
  readsDocuments = false,
): AuthorizationServerMetadata {
  const scopes = unionScopes(...resources.map(({ scopes }) => Object.keys(scopes)), [OFFLINE_ACCESS])
  const { registration_endpoint, ...endpoints } = endpointsOf(settings.issuer)
  return {
    issuer: settings.issuer,
    ...endpoints,
    ...(settings.registration.mode === 'admin_only' ? {} : { registration_endpoint }),
    scopes_supported: [...scopes],
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: [...offered.grantTypes],
    ...(settings.idJag === undefined ? {} : { identity_chaining_requested_token_types_supported: [ID_JAG_TOKEN_TYPE] }),
    // That it is understood, not whose word counts.
    ...(settings.xaa === undefined ? {} : { authorization_grant_profiles_supported: [ID_JAG_PROFILE] }),
    ...authentication('token', offered.authMethods),
    ...authentication('revocation', offered.authMethods),
    // Whoever cannot prove who they are may not ask.
    ...authentication(
      'introspection',
      offered.authMethods.filter((method) => method !== 'none'),
    ),
    code_challenge_methods_supported: ['S256'],
    ...(offered.dpopAlgorithms.length === 0 ? {} : { dpop_signing_alg_values_supported: [...offered.dpopAlgorithms] }),
    authorization_response_iss_parameter_supported: true,
    // In no registry, but looked for in the field.
    resource_indicators_supported: true,
    // `agent_id` and `agent_chain`. The other name is AuthPlane's.
    agent_identity_supported: true,
    authplane_agent_identity_supported: true,
    ...(readsDocuments ? { client_id_metadata_document_supported: true } : {}),
    prompt_values_supported: ['none', 'login', 'consent'],
    // Never used, for no ID token is issued: OpenID Connect requires both, and clients that read the document under that name insist.
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [...new Set(keys.map(({ alg }) => alg))],
    ...settings.documentation,
    ...(resources.length === 0 ? {} : { protected_resources: resources.map(({ identifier }) => identifier) }),
  }
}

/** The URLs of an issuer. */
export function endpointsOf(issuer: string) {
  const base = issuer.replace(/\/$/, '')
  return {
    authorization_endpoint: `${base}/oauth/authorize`,
    token_endpoint: `${base}/oauth/token`,
    revocation_endpoint: `${base}/oauth/revoke`,
    introspection_endpoint: `${base}/oauth/introspect`,
    registration_endpoint: `${base}/oauth/register`,
    jwks_uri: `${base}/.well-known/jwks.json`,
  }
}

/** RFC 8414 section 2: how clients authenticate at an endpoint, and with which algorithms where they sign. */
function authentication(endpoint: 'token' | 'revocation' | 'introspection', methods: readonly string[]) {
  return {
    [`${endpoint}_endpoint_auth_methods_supported`]: [...methods],
    ...(methods.includes('private_key_jwt')
      ? { [`${endpoint}_endpoint_auth_signing_alg_values_supported`]: [...ASSERTION_ALGORITHMS] }
      : {}),
  }
}
