/**
 * The token response.
 *
 * @see RFC 6749 section 5.1
 * @see RFC 9449 section 5: `token_type` DPoP
 * @see RFC 8693 section 2.2.1: `issued_token_type`, `token_type` N_A
 * @see draft-ietf-oauth-identity-assertion-authz-grant-05 section 4.3.4: `resource`
 * @module
 */
import * as v from 'valibot'

/** What Sallyport's token endpoint answers. `expires_in` is in seconds; `scope` is always told. `N_A`: not to be sent to a resource. */
export const TokenResponse = v.object({
  access_token: v.string(),
  token_type: v.picklist(['Bearer', 'DPoP', 'N_A']),
  expires_in: v.number(),
  refresh_token: v.optional(v.string()),
  scope: v.string(),
  issued_token_type: v.optional(v.string()),
  resource: v.optional(v.union([v.string(), v.array(v.string())])),
})
export type TokenResponse = v.InferOutput<typeof TokenResponse>
