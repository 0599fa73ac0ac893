/**
 * An OAuth error, from whatever server.
 *
 * @see RFC 6749 section 5.2
 * @module
 */
import { type Guarded, isOptional, isRecord, isString, isText } from './guard.ts'

/** What a client accepts as an OAuth error from any server: only `error` is certain, and unknown codes pass. */
export const isForeignOAuthError = isRecord({
  error: isText,
  error_description: isOptional(isString),
  error_uri: isOptional(isString),
})
export type ForeignOAuthError = Guarded<typeof isForeignOAuthError>
