/**
 * The public keys that verify access tokens.
 *
 * @see RFC 7517 section 5
 * @module
 */
import * as v from 'valibot'

/** Private members (`d`, `p`, `q`, ...) have no place in it: as a response filter this schema drops them. */
export const PublicJwk = v.object({
  kty: v.string(),
  kid: v.string(),
  alg: v.string(),
  use: v.literal('sig'),
  crv: v.optional(v.string()),
  x: v.optional(v.string()),
  y: v.optional(v.string()),
  n: v.optional(v.string()),
  e: v.optional(v.string()),
})
export type PublicJwk = v.InferOutput<typeof PublicJwk>

export const JsonWebKeySet = v.object({ keys: v.array(PublicJwk) })
export type JsonWebKeySet = v.InferOutput<typeof JsonWebKeySet>
