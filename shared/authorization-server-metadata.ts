/**
 * Authorization server metadata, served under both well-known names.
 *
 * @see RFC 8414 section 2
 * @see RFC 9728 section 4: `protected_resources`
 * @see RFC 9449 section 5.1: `dpop_signing_alg_values_supported`
 * @see RFC 9207 section 3: `authorization_response_iss_parameter_supported`
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 6: `client_id_metadata_document_supported`
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 7.2: `authorization_grant_profiles_supported`
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 7.1: `identity_chaining_requested_token_types_supported`
 * @see OpenID Connect Discovery 1.0 section 3: the same document under the other name
 * @module
 */
import * as v from 'valibot'

/** The members that Sallyport reads or writes; a foreign document may have others. */
export const AuthorizationServerMetadata = v.looseObject({
  issuer: v.string(),
  authorization_endpoint: v.optional(v.string()),
  token_endpoint: v.optional(v.string()),
  registration_endpoint: v.optional(v.string()),
  revocation_endpoint: v.optional(v.string()),
  introspection_endpoint: v.optional(v.string()),
  jwks_uri: v.optional(v.string()),
  scopes_supported: v.optional(v.array(v.string())),
  response_types_supported: v.optional(v.array(v.string())),
  response_modes_supported: v.optional(v.array(v.string())),
  grant_types_supported: v.optional(v.array(v.string())),
  authorization_grant_profiles_supported: v.optional(v.array(v.string())),
  token_endpoint_auth_methods_supported: v.optional(v.array(v.string())),
  token_endpoint_auth_signing_alg_values_supported: v.optional(v.array(v.string())),
  revocation_endpoint_auth_methods_supported: v.optional(v.array(v.string())),
  revocation_endpoint_auth_signing_alg_values_supported: v.optional(v.array(v.string())),
  introspection_endpoint_auth_methods_supported: v.optional(v.array(v.string())),
  introspection_endpoint_auth_signing_alg_values_supported: v.optional(v.array(v.string())),
  code_challenge_methods_supported: v.optional(v.array(v.string())),
  dpop_signing_alg_values_supported: v.optional(v.array(v.string())),
  authorization_response_iss_parameter_supported: v.optional(v.boolean()),
  client_id_metadata_document_supported: v.optional(v.boolean()),
  resource_indicators_supported: v.optional(v.boolean()),
  agent_identity_supported: v.optional(v.boolean()),
  authplane_agent_identity_supported: v.optional(v.boolean()),
  prompt_values_supported: v.optional(v.array(v.string())),
  subject_types_supported: v.optional(v.array(v.string())),
  identity_chaining_requested_token_types_supported: v.optional(v.array(v.string())),
  id_token_signing_alg_values_supported: v.optional(v.array(v.string())),
  protected_resources: v.optional(v.array(v.string())),
  service_documentation: v.optional(v.string()),
  op_policy_uri: v.optional(v.string()),
  op_tos_uri: v.optional(v.string()),
})
export type AuthorizationServerMetadata = v.InferOutput<typeof AuthorizationServerMetadata>
