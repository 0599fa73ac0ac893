/**
 * The token response.
 *
 * @see RFC 6749 section 5.1
 * @see RFC 9449 section 5: `token_type` DPoP
 * @module
 */
import * as v from 'valibot'

/** What Sallyport's token endpoint answers. `expires_in` is in seconds; `scope` is always told. */
export const TokenResponse = v.object({
  access_token: v.string(),
  token_type: v.picklist(['Bearer', 'DPoP']),
  expires_in: v.number(),
  refresh_token: v.optional(v.string()),
  scope: v.string(),
})
export type TokenResponse = v.InferOutput<typeof TokenResponse>
