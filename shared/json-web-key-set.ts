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
  crv: v.exactOptional(v.string()),
  x: v.exactOptional(v.string()),
  y: v.exactOptional(v.string()),
  n: v.exactOptional(v.string()),
  e: v.exactOptional(v.string()),
})
export type PublicJwk = v.InferOutput<typeof PublicJwk>

export const JsonWebKeySet = v.object({ keys: v.array(PublicJwk) })
export type JsonWebKeySet = v.InferOutput<typeof JsonWebKeySet>
