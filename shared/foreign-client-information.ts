/**
 * What a client is told when it has registered itself, by whatever server: as little as it can do with.
 *
 * @see RFC 7591 section 3.2.1
 * @module
 */
import * as v from 'valibot'

/** What a client accepts from any server's registration endpoint. */
export const ForeignClientInformation = v.looseObject({
  client_id: v.pipe(v.string(), v.minLength(1)),
  client_secret: v.optional(v.string()),
  client_secret_expires_at: v.optional(v.pipe(v.number(), v.finite())),
  redirect_uris: v.optional(v.array(v.string())),
  token_endpoint_auth_method: v.optional(v.string()),
  scope: v.optional(v.string()),
})
export type ForeignClientInformation = v.InferOutput<typeof ForeignClientInformation>
