/**
 * Verifying a signature with a published key, at once.
 *
 * The key alone says how: which algorithm a token names was settled when the key was chosen and imported for it, and has no say here.
 *
 * @see RFC 7518 section 3.3 (RSASSA-PKCS1-v1_5), section 3.4 (ECDSA: r and s, not DER), section 3.5 (RSASSA-PSS: a salt as long as the digest)
 * @see RFC 8037 section 3.1: EdDSA
 * @see docs/adr/0075-signatures-are-verified-on-this-thread.md
 * @module
 */
import { constants, KeyObject, verify } from 'node:crypto'
import * as v from 'valibot'

/** Whether `signature` is the key's under `input`. */
export type SignatureCheck = (signed: { readonly input: Uint8Array; readonly signature: Uint8Array }) => boolean

const rsa = {
  // RFC 7518 section 3.3 and section 3.5 forbid less.
  modulusLength: v.pipe(v.number(), v.minValue(2048)),
  hash: v.object({ name: v.picklist(['SHA-256', 'SHA-384', 'SHA-512']) }),
}
const KeyAlgorithm = v.variant('name', [
  v.object({ name: v.literal('ECDSA'), namedCurve: v.picklist(['P-256', 'P-384', 'P-521']) }),
  v.object({ name: v.literal('Ed25519') }),
  v.object({ name: v.literal('RSASSA-PKCS1-v1_5'), ...rsa }),
  v.object({ name: v.literal('RSA-PSS'), ...rsa }),
])
type KeyAlgorithm = v.InferOutput<typeof KeyAlgorithm>

/** What a key is used for, in WebCrypto's words. */
export type SignatureAlgorithm =
  | Exclude<KeyAlgorithm, { readonly modulusLength: number }>
  | Omit<Extract<KeyAlgorithm, { readonly modulusLength: number }>, 'modulusLength'>

/** @throws {Error} when the key is of no such kind, or an RSA key of less than 2048 bits. */
export function createSignatureCheck(key: CryptoKey): SignatureCheck {
  return signatureCheckOf(KeyObject.from(key), v.parse(KeyAlgorithm, key.algorithm))
}

/** The check with a key that is known to be one for this algorithm. */
export function signatureCheckOf(key: KeyObject, algorithm: SignatureAlgorithm): SignatureCheck {
  const { hash, ...parameters } = parametersOf(algorithm)
  const options = { key, ...parameters }
  return ({ input, signature }) => verify(hash, input, options, signature)
}

function parametersOf(algorithm: SignatureAlgorithm) {
  switch (algorithm.name) {
    case 'ECDSA':
      return { hash: DIGESTS[algorithm.namedCurve], dsaEncoding: 'ieee-p1363' } as const
    case 'Ed25519':
      return { hash: null }
    case 'RSASSA-PKCS1-v1_5':
      return { hash: DIGESTS[algorithm.hash.name], padding: constants.RSA_PKCS1_PADDING }
    case 'RSA-PSS':
      return {
        hash: DIGESTS[algorithm.hash.name],
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      }
  }
}

/** WebCrypto's names, and what they are called here. JOSE has one digest for each curve. */
const DIGESTS = {
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
  'P-256': 'sha256',
  'P-384': 'sha384',
  'P-521': 'sha512',
} as const
