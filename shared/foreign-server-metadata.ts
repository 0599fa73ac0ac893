/**
 * Metadata of an authorization server, whichever it is.
 *
 * @see RFC 8414 section 2
 * @see OpenID Connect Discovery 1.0 section 3
 * @module
 */
import { type Guarded, isBoolean, isOptional, isRecord, isString, isStrings } from './guard.ts'

/** What a client reads of it. Whatever else is in there may be broken. */
export const isForeignServerMetadata = isRecord({
  issuer: isString,
  authorization_endpoint: isOptional(isString),
  token_endpoint: isOptional(isString),
  registration_endpoint: isOptional(isString),
  revocation_endpoint: isOptional(isString),
  scopes_supported: isOptional(isStrings),
  grant_types_supported: isOptional(isStrings),
  token_endpoint_auth_methods_supported: isOptional(isStrings),
  token_endpoint_auth_signing_alg_values_supported: isOptional(isStrings),
  code_challenge_methods_supported: isOptional(isStrings),
  dpop_signing_alg_values_supported: isOptional(isStrings),
  authorization_response_iss_parameter_supported: isOptional(isBoolean),
  client_id_metadata_document_supported: isOptional(isBoolean),
})
export type ForeignServerMetadata = Guarded<typeof isForeignServerMetadata> & { readonly [member: string]: unknown }
