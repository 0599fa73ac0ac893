/**
 * The public keys that DPoP proofs bring along, one schema for each algorithm.
 *
 * What costs a verifier too much is no key here: RSA beyond 4096 bits, and public exponents beyond 32. Nor is that with which anybody can sign: the
 * RSA exponent 1, and the points of Ed25519 of which there are but a few multiples.
 *
 * @see RFC 9449 section 4.2: `alg` is asymmetric, `jwk` is public
 * @see RFC 7518 section 6.2 and section 6.3, RFC 8037 section 2: the members
 *
 * @standard RFC 8037: EdDSA in JOSE
 * @status used
 * @does verified by the authorization server and by the resource module
 * @module
 */
import { encode } from 'jose/base64url'
import * as v from 'valibot'
import { decodeBase64url } from '../base64url.ts'
import { err, ok, type Result } from '../result.ts'
import type { DpopAlgorithm, DpopPublicKey } from './public-key.ts'

/** 32 bytes in the one way to write them: the last character has no bits left over. */
const bytes32 = v.pipe(v.string(), v.regex(/^[\w-]{42}[AEIMQUYcgkosw048]$/))
const bytes48 = v.pipe(v.string(), v.regex(/^[\w-]{64}$/))

const P256 = v.object({ kty: v.literal('EC'), crv: v.literal('P-256'), x: bytes32, y: bytes32 })
const P384 = v.object({ kty: v.literal('EC'), crv: v.literal('P-384'), x: bytes48, y: bytes48 })
/** The points of small order (1, 2, 4 and 8), in every spelling, without the sign of their other coordinate. */
const SMALL_ORDER: readonly string[] = [
  'AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
  '7P_______________________________________38',
  '7f_______________________________________38',
  '7v_______________________________________38',
  'JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU',
  'xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o',
]
const ofLargeOrder = v.check((text: string) => {
  const bytes = decodeBase64url(text)
  return bytes !== null && !SMALL_ORDER.includes(encode(bytes.with(31, (bytes[31] ?? 0) & 0x7f)))
})
const Ed25519 = v.object({ kty: v.literal('OKP'), crv: v.literal('Ed25519'), x: v.pipe(bytes32, ofLargeOrder) })
const canonical = v.check((text: string) => decodeBase64url(text) !== null)
/** And in its one spelling. */
const odd = v.check((text: string) => (decodeBase64url(text)?.at(-1) ?? 0) % 2 === 1)
const Rsa = v.object({
  kty: v.literal('RSA'),
  // 2048 to 4096 bits: RFC 7518 section 3.3 and section 3.5 forbid less. The first byte is not zero (RFC 7518 section 2).
  n: v.pipe(v.string(), v.regex(/^(?:[g-z0-9_-][\w-]{341}|(?!A[A-P])[\w-]{343,683})$/), canonical),
  e: v.pipe(v.string(), v.regex(/^(?!A[A-P]|AQ$)[\w-]{2,6}$/), odd),
})

const SCHEMAS = {
  ES256: P256,
  ES384: P384,
  RS256: Rsa,
  PS256: Rsa,
  EdDSA: Ed25519,
  Ed25519,
} as const satisfies Readonly<Record<DpopAlgorithm, unknown>>

/** RFC 7518 section 6.2.2, section 6.3.2 and section 6.4. */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/** The public key that `jwk` is, if it is one for `alg`; other members are dropped. */
export function readDpopPublicKey(
  alg: DpopAlgorithm,
  jwk: unknown,
): Result<DpopPublicKey, 'malformed_dpop_key' | 'private_dpop_key'> {
  if (typeof jwk === 'object' && jwk !== null && PRIVATE.some((member) => Object.hasOwn(jwk, member)))
    return err('private_dpop_key')
  const parsed = v.safeParse(SCHEMAS[alg], jwk)
  return parsed.success ? ok(parsed.output) : err('malformed_dpop_key')
}
