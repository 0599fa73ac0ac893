/**
 * A key that a client proves itself with.
 *
 * @see RFC 9449 section 4.2: the key pair
 * @see RFC 7518 section 3.3 (RSASSA-PKCS1-v1_5), section 3.4 (ECDSA), section 3.5 (RSASSA-PSS), RFC 8037 section 3.1 (EdDSA)
 * @module
 */
import { type DpopAlgorithm, type DpopPublicKey, jwkThumbprint } from './public-key.ts'

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
  const pair = await crypto.subtle.generateKey(generation(alg), extractable, ['sign', 'verify'])
  if (!('privateKey' in pair)) throw new TypeError('no key pair')
  return toSigningKey(alg, pair.privateKey, await crypto.subtle.exportKey('jwk', pair.publicKey))
}

/** The key as `exportDpopKey` wrote it. Throws a TypeError or a DOMException for what is no such key. */
export async function importDpopKey(
  alg: DpopAlgorithm,
  jwk: JsonWebKey,
  { extractable = false }: { readonly extractable?: boolean } = {},
): Promise<DpopSigningKey> {
  // What one runtime writes of algorithm and purpose, another may not know.
  const { kty, crv, x, y, d, n, e, p, q, dp, dq, qi } = jwk
  const members = { kty, crv, x, y, d, n, e, p, q, dp, dq, qi }
  const privateKey = await crypto.subtle.importKey('jwk', defined(members), generation(alg), extractable, ['sign'])
  return toSigningKey(alg, privateKey, jwk)
}

/** The private JWK. Rejects when the key is not extractable. */
export const exportDpopKey = ({ privateKey }: DpopSigningKey): Promise<JsonWebKey> =>
  crypto.subtle.exportKey('jwk', privateKey)

/** What WebCrypto is told to sign with. */
export function signing(alg: DpopAlgorithm): { readonly name: string; readonly hash?: string; saltLength?: number } {
  switch (alg) {
    case 'ES256':
      return { name: 'ECDSA', hash: 'SHA-256' }
    case 'ES384':
      return { name: 'ECDSA', hash: 'SHA-384' }
    case 'RS256':
      return { name: 'RSASSA-PKCS1-v1_5' }
    case 'PS256':
      return { name: 'RSA-PSS', saltLength: 32 }
    case 'EdDSA':
    case 'Ed25519':
      return { name: 'Ed25519' }
  }
}

function generation(alg: DpopAlgorithm) {
  const rsa = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' }
  switch (alg) {
    case 'ES256':
      return { name: 'ECDSA', namedCurve: 'P-256' }
    case 'ES384':
      return { name: 'ECDSA', namedCurve: 'P-384' }
    case 'RS256':
      return { name: 'RSASSA-PKCS1-v1_5', ...rsa }
    case 'PS256':
      return { name: 'RSA-PSS', ...rsa }
    case 'EdDSA':
    case 'Ed25519':
      return { name: 'Ed25519' }
  }
}

/** A member without a value counts as a wrong one on some runtimes. */
const defined = (members: Readonly<Record<string, unknown>>): JsonWebKey =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))

async function toSigningKey(alg: DpopAlgorithm, privateKey: CryptoKey, jwk: JsonWebKey): Promise<DpopSigningKey> {
  const publicJwk = publicMembers(jwk)
  if (publicJwk === null) throw new TypeError(`no public key for ${alg}`)
  return { alg, privateKey, publicJwk, thumbprint: await jwkThumbprint(publicJwk) }
}

/** WebCrypto has seen to it that they fit the algorithm. */
function publicMembers({ kty, crv, x, y, n, e }: JsonWebKey): DpopPublicKey | null {
  if (kty === 'RSA' && n !== undefined && e !== undefined) return { kty, n, e }
  if (x === undefined) return null
  if (kty === 'OKP' && crv === 'Ed25519') return { kty, crv, x }
  return kty === 'EC' && y !== undefined && (crv === 'P-256' || crv === 'P-384') ? { kty, crv, x, y } : null
}
