/**
 * A key that a client proves itself with.
 *
 * @see RFC 9449 section 4.2: the key pair
 * @see RFC 7518 section 3.3 (RSASSA-PKCS1-v1_5), section 3.4 (ECDSA), section 3.5 (RSASSA-PSS), RFC 8037 section 3.1 (EdDSA)
 * @module
 */
import { type Guard, isObject } from '../guard.ts'
import { s256 } from '../pkce.ts'
import type { DpopAlgorithm, DpopPublicKey } from './public-key.ts'

export interface DpopSigningKey {
  readonly alg: DpopAlgorithm
  readonly privateKey: CryptoKey
  readonly publicJwk: DpopPublicKey
  /** The `jkt`, also what `dpop_jkt` says. */
  readonly thumbprint: string
}

/** A new key. Extractable only for those who keep it in a file. */
export async function generateDpopKey(
  alg: DpopAlgorithm,
  { extractable = false }: { readonly extractable?: boolean } = {},
): Promise<DpopSigningKey> {
  const pair = await crypto.subtle.generateKey(SIGNING[alg], extractable, ['sign', 'verify'])
  if (!('privateKey' in pair)) throw new TypeError('no key pair')
  return toSigningKey(alg, pair.privateKey, await crypto.subtle.exportKey('jwk', pair.publicKey))
}

/** The key as `exportDpopKey` wrote it. Throws a TypeError or a DOMException for what is no such key. */
export async function importDpopKey(alg: DpopAlgorithm, jwk: JsonWebKey): Promise<DpopSigningKey> {
  // What one runtime writes of algorithm and purpose, another may not know.
  const { alg: _alg, use: _use, key_ops: _operations, ext: _extractable, ...members } = jwk
  const privateKey = await crypto.subtle.importKey('jwk', members, SIGNING[alg], false, ['sign'])
  return toSigningKey(alg, privateKey, jwk)
}

/** The private JWK. Rejects when the key is not extractable. */
export const exportDpopKey = ({ privateKey }: DpopSigningKey): Promise<JsonWebKey> =>
  crypto.subtle.exportKey('jwk', privateKey)

const rsa = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' }
const ed25519 = { name: 'Ed25519' }

/**
 * What WebCrypto is told to make a key, to import one, and to sign: it reads what it needs for each. In the order of
 * preference: RSA takes a tenth of a second to make a key.
 */
export const SIGNING: Readonly<
  Record<DpopAlgorithm, EcKeyGenParams | RsaHashedKeyGenParams | RsaPssParams | Algorithm>
> = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  EdDSA: ed25519,
  Ed25519: ed25519,
  ES384: { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  PS256: { name: 'RSA-PSS', saltLength: 32, ...rsa },
  RS256: { name: 'RSASSA-PKCS1-v1_5', ...rsa },
}

/** Whether there are keys for it. */
export const canSign = (alg: unknown): alg is DpopAlgorithm => typeof alg === 'string' && Object.hasOwn(SIGNING, alg)

async function toSigningKey(
  alg: DpopAlgorithm,
  privateKey: CryptoKey,
  { crv, e, kty, n, x, y }: JsonWebKey,
): Promise<DpopSigningKey> {
  // Those that the kind of key has, in the order of their names: RFC 7638 section 3.3.
  const hashed = JSON.stringify({ crv, e, kty, n, x, y })
  const publicJwk: unknown = JSON.parse(hashed)
  if (!isPublicKey(publicJwk)) throw new TypeError('no key pair')
  return { alg, privateKey, publicJwk, thumbprint: await s256(hashed) }
}

/** WebCrypto has seen to it that they fit the algorithm. */
const isPublicKey: Guard<DpopPublicKey> = (value): value is DpopPublicKey => isObject(value) && 'kty' in value
