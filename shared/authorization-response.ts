/**
 * The authorization response: what comes back to the redirect URI.
 *
 * @see OAuth 2.1 section 4.1.2 and section 4.1.2.1 (draft-ietf-oauth-v2-1-16)
 * @see RFC 9207 section 2: `iss`
 * @module
 */
import * as v from 'valibot'

/** Parameters of either outcome. Each at most once: feed it from `readForm`, so that a repeat is refused. */
export const AuthorizationResponse = v.object({
  code: v.optional(v.string()),
  state: v.optional(v.string()),
  iss: v.optional(v.string()),
  error: v.optional(v.string()),
  error_description: v.optional(v.string()),
  error_uri: v.optional(v.string()),
})
export type AuthorizationResponse = v.InferOutput<typeof AuthorizationResponse>
