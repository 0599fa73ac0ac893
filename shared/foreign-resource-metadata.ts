/**
 * Metadata of a protected resource, whichever it is.
 *
 * @see RFC 9728 section 2
 * @see MCP 2026-07-28, authorization server discovery: `authorization_servers` is required
 * @module
 */
import { type Guard, type Guarded, isBoolean, isOptional, isRecord, isString, isStrings } from './guard.ts'

const isSome: Guard<string[]> = (value): value is string[] => isStrings(value) && value.length > 0

/** What a client reads of it. Whatever else is in there may be broken. */
export const isForeignResourceMetadata = isRecord({
  resource: isString,
  authorization_servers: isSome,
  scopes_supported: isOptional(isStrings),
  dpop_signing_alg_values_supported: isOptional(isStrings),
  dpop_bound_access_tokens_required: isOptional(isBoolean),
})
export type ForeignResourceMetadata = Guarded<typeof isForeignResourceMetadata>
