/**
 * The public keys that a client signs its assertions with.
 *
 * @see RFC 7517 section 5
 * @see RFC 7591 section 2: `jwks`
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 4.1: no private keys
 * @module
 */
import * as v from 'valibot'

const text = v.pipe(v.string(), v.maxLength(2048))

/** A public key of an asymmetric algorithm. Whatever would make it private or symmetric refuses all of it; other members are dropped. */
const ClientJwk = v.pipe(
  v.looseObject({ kty: v.picklist(['EC', 'RSA', 'OKP']) }),
  v.check((jwk) => !PRIVATE.some((member) => Object.hasOwn(jwk, member)), 'not a public key'),
  v.object({
    kty: v.picklist(['EC', 'RSA', 'OKP']),
    kid: v.exactOptional(text),
    alg: v.exactOptional(text),
    use: v.exactOptional(text),
    key_ops: v.exactOptional(v.pipe(v.array(text), v.maxLength(10))),
    crv: v.exactOptional(text),
    x: v.exactOptional(text),
    y: v.exactOptional(text),
    n: v.exactOptional(text),
    e: v.exactOptional(text),
  }),
)

/** RFC 7518 section 6.2.2, section 6.3.2 and section 6.4. */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/** What a client registers as `jwks`, and what stands at its `jwks_uri`. */
export const ClientJwks = v.object({ keys: v.pipe(v.array(ClientJwk), v.minLength(1), v.maxLength(20)) })
export type ClientJwks = v.InferOutput<typeof ClientJwks>
