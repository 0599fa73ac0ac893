/**
 * The authorization response: what comes back to the redirect URI.
 *
 * @see OAuth 2.1 section 4.1.2 and section 4.1.2.1 (draft-ietf-oauth-v2-1-16)
 * @see RFC 9207 section 2: `iss`
 * @module
 */
import { type Guarded, isOptional, isRecord, isString } from './guard.ts'

/** Parameters of either outcome. Each at most once: feed it from `readForm`, so that a repeat is refused. */
export const isAuthorizationResponse = isRecord({
  code: isOptional(isString),
  state: isOptional(isString),
  iss: isOptional(isString),
  error: isOptional(isString),
  error_description: isOptional(isString),
  error_uri: isOptional(isString),
})
export type AuthorizationResponse = Guarded<typeof isAuthorizationResponse>
