/**
 * Client metadata: what a client says of itself at registration, and what it is told back.
 *
 * @see RFC 7591 section 2 (metadata), section 3.2.1 (client information response)
 * @see RFC 9449 section 5.2: `dpop_bound_access_tokens`
 * @see OpenID Connect Dynamic Client Registration 1.0 section 2: `application_type`
 * @module
 */
import * as v from 'valibot'
import { ClientJwks } from './client-jwks.ts'

export const ApplicationType = v.picklist(['native', 'web'])
export type ApplicationType = v.InferOutput<typeof ApplicationType>

/** How a client proves itself at the token endpoint. */
export const ClientAuthMethod = v.picklist(['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'])
export type ClientAuthMethod = v.InferOutput<typeof ClientAuthMethod>

const shortText = v.pipe(v.string(), v.maxLength(200))
const uri = v.pipe(v.string(), v.maxLength(2048))

/** Members that only describe: kept and echoed. */
const descriptive = {
  client_uri: v.optional(uri),
  logo_uri: v.optional(uri),
  tos_uri: v.optional(uri),
  policy_uri: v.optional(uri),
  contacts: v.optional(v.pipe(v.array(shortText), v.maxLength(10))),
  software_id: v.optional(shortText),
  software_version: v.optional(shortText),
}

/** In a request, what does not describe anything after all (`null`, an empty or endless text) counts as left out. */
const lenient = <Schema extends v.GenericSchema>(schema: Schema) => v.fallback(schema, undefined)

/** The registration request. Unknown members and unknown grant types are ignored, not refused. */
export const ClientRegistrationRequest = v.object({
  redirect_uris: v.optional(v.pipe(v.array(uri), v.maxLength(20))),
  client_name: v.optional(shortText),
  token_endpoint_auth_method: v.optional(shortText),
  grant_types: v.optional(v.pipe(v.array(shortText), v.maxLength(20))),
  response_types: v.optional(v.pipe(v.array(shortText), v.maxLength(20))),
  application_type: v.optional(shortText),
  scope: v.optional(v.pipe(v.string(), v.maxLength(2048))),
  /** What a key set must be is looked at where one is needed. */
  jwks: v.optional(v.unknown()),
  jwks_uri: v.optional(uri),
  dpop_bound_access_tokens: v.optional(v.boolean()),
  /** Whether it acts by itself (docs/adr/0203-agents.md). Anything but a boolean is not this member. */
  agent: lenient(v.optional(v.boolean())),
  software_statement: v.nullish(v.pipe(v.string(), v.maxLength(16_384))),
  client_uri: lenient(descriptive.client_uri),
  logo_uri: lenient(descriptive.logo_uri),
  tos_uri: lenient(descriptive.tos_uri),
  policy_uri: lenient(descriptive.policy_uri),
  contacts: lenient(descriptive.contacts),
  software_id: lenient(descriptive.software_id),
  software_version: lenient(descriptive.software_version),
})
export type ClientRegistrationRequest = v.InferOutput<typeof ClientRegistrationRequest>

/** The answer: everything that is now registered. Times in seconds since the epoch; `client_secret_expires_at` 0 means never. */
export const ClientInformationResponse = v.object({
  client_id: v.string(),
  client_id_issued_at: v.number(),
  client_secret: v.optional(v.string()),
  client_secret_expires_at: v.optional(v.number()),
  redirect_uris: v.array(v.string()),
  client_name: v.optional(v.string()),
  token_endpoint_auth_method: ClientAuthMethod,
  grant_types: v.array(v.string()),
  response_types: v.array(v.string()),
  application_type: ApplicationType,
  scope: v.optional(v.string()),
  jwks: v.optional(ClientJwks),
  jwks_uri: v.optional(v.string()),
  dpop_bound_access_tokens: v.optional(v.boolean()),
  agent: v.optional(v.boolean()),
  ...descriptive,
})
export type ClientInformationResponse = v.InferOutput<typeof ClientInformationResponse>
