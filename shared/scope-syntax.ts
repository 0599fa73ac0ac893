/**
 * How scopes are written.
 *
 * @see RFC 6749 section 3.3
 * @module
 */
import * as v from 'valibot'

/** One scope token: printable ASCII without space, quote and backslash. */
export const ScopeToken = v.pipe(v.string(), v.regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/, 'not a scope token'))
export type ScopeToken = v.InferOutput<typeof ScopeToken>

/** A `scope` parameter as it stands on the wire: tokens and spaces. */
export const ScopeString = v.pipe(v.string(), v.regex(/^[\x20\x21\x23-\x5B\x5D-\x7E]*$/, 'not a scope string'))
export type ScopeString = v.InferOutput<typeof ScopeString>
