/**
 * An OAuth error, from whatever server.
 *
 * @see RFC 6749 section 5.2
 * @module
 */
import * as v from 'valibot'

/** What a client accepts as an OAuth error from any server: only `error` is certain, and unknown codes pass. */
export const ForeignOAuthError = v.looseObject({
  error: v.pipe(v.string(), v.minLength(1)),
  error_description: v.optional(v.string()),
  error_uri: v.optional(v.string()),
})
export type ForeignOAuthError = v.InferOutput<typeof ForeignOAuthError>
