/**
 * The public keys that a client signs its assertions with.
 *
 * @see RFC 7517 section 5: keys that are not understood are ignored
 * @see RFC 7591 section 2: `jwks`
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 4.1: no private keys
 * @module
 */
import * as v from 'valibot'
import { withoutNulls } from './without-nulls.ts'

const text = v.pipe(v.string(), v.maxLength(2048))

/** RFC 7518 section 6.2.1 and section 6.3.1, RFC 8037 section 2: what a public key of each kind needs. */
const NEEDED = { EC: ['crv', 'x', 'y'], RSA: ['n', 'e'], OKP: ['crv', 'x'] } as const

/** A public key of an asymmetric algorithm; other members are dropped. */
const ClientJwk = v.pipe(
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
  v.check((jwk) => NEEDED[jwk.kty].every((member) => jwk[member] !== undefined), 'not a whole key'),
)
type ClientJwk = v.InferOutput<typeof ClientJwk>

/** RFC 7518 section 6.2.2, section 6.3.2 and section 6.4; `priv`: of algorithm key pairs (AKP), which ML-DSA has. */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']

/**
 * What a client registers as `jwks`, and what stands at its `jwks_uri`. What would make any key private or symmetric refuses all of
 * it; keys that are not understood are left out, so there may be none.
 */
export const ClientJwks = v.object({
  keys: v.pipe(
    v.array(v.looseObject({})),
    v.maxLength(20),
    v.check((keys) => !keys.some(isPrivate), 'not a public key'),
    v.transform((keys) => keys.flatMap(understood)),
  ),
})
export type ClientJwks = v.InferOutput<typeof ClientJwks>

const isPrivate = (jwk: Readonly<Record<string, unknown>>): boolean =>
  PRIVATE.some((member) => Object.hasOwn(jwk, member) && jwk[member] !== null)

function understood(jwk: unknown): readonly ClientJwk[] {
  const parsed = v.safeParse(ClientJwk, withoutNulls(jwk))
  return parsed.success ? [parsed.output] : []
}
