/**
 * Compact signed tokens of any shape, right or wrong: the header, the payload and the key are the caller's.
 *
 * @module
 */
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose'
import { decode, encode } from 'jose/base64url'

type Signing = EcdsaParams | RsaPssParams | { readonly name: string }

/** How each algorithm signs, by its name in RFC 7518 and RFC 8037. */
const SIGNING: Readonly<Record<string, Signing>> = {
  ES256: { name: 'ECDSA', hash: 'SHA-256' },
  ES384: { name: 'ECDSA', hash: 'SHA-384' },
  ES512: { name: 'ECDSA', hash: 'SHA-512' },
  EdDSA: { name: 'Ed25519' },
  Ed25519: { name: 'Ed25519' },
  RS256: { name: 'RSASSA-PKCS1-v1_5' },
  RS384: { name: 'RSASSA-PKCS1-v1_5' },
  RS512: { name: 'RSASSA-PKCS1-v1_5' },
  PS256: { name: 'RSA-PSS', saltLength: 32 },
  PS384: { name: 'RSA-PSS', saltLength: 48 },
  PS512: { name: 'RSA-PSS', saltLength: 64 },
}

/** What can be signed with here, what costs least first. */
export const SIGNING_ALGORITHMS: readonly string[] = Object.keys(SIGNING)

/** Registered for digital signatures with a key pair (IANA, "JSON Web Signature and Encryption Algorithms"). */
const ASYMMETRIC: readonly string[] = [...SIGNING_ALGORITHMS, 'ES256K', 'Ed448', 'ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87']

export const isAsymmetric = (alg: unknown): boolean => typeof alg === 'string' && ASYMMETRIC.includes(alg)

export interface Keys {
  readonly alg: string
  readonly privateKey: CryptoKey
  readonly publicJwk: JWK
  readonly privateJwk: JWK
  /** RFC 7638, SHA-256. */
  readonly thumbprint: string
}

export async function createKeys(alg = 'ES256'): Promise<Keys> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const publicJwk = await exportJWK(publicKey)
  const privateJwk = await exportJWK(privateKey)
  return { alg, privateKey, publicJwk, privateJwk, thumbprint: await calculateJwkThumbprint(publicJwk) }
}

/** A members of `undefined` is left out. */
export type Members = Readonly<Record<string, unknown>>

const text = new TextEncoder()

export const encodeJson = (value: unknown): string => encode(text.encode(JSON.stringify(value)))

/** Signed by `key` as `alg` says, whatever the header says. */
export async function signJws(header: Members, payload: Members, key: CryptoKey, alg: string): Promise<string> {
  const input = `${encodeJson(header)}.${encodeJson(payload)}`
  const signing = SIGNING[alg]
  if (signing === undefined) throw new Error(`there is no way to sign with ${alg} here`)
  return `${input}.${encode(new Uint8Array(await crypto.subtle.sign(signing, key, text.encode(input))))}`
}

/** With a key that both sides know, as HS256 has it. */
export async function signSymmetric(
  header: Members,
  payload: Members,
  secret: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const input = `${encodeJson(header)}.${encodeJson(payload)}`
  const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return `${input}.${encode(new Uint8Array(await crypto.subtle.sign('HMAC', key, text.encode(input))))}`
}

/** `alg: none`: the third part is empty. */
export const unsignedJws = (header: Members, payload: Members): string =>
  `${encodeJson(header)}.${encodeJson(payload)}.`

export interface ReadJws {
  readonly header: Members
  readonly claims: Members
}

/** Header and claims of a JWT, unverified; undefined for anything else. */
export function readJwt(token: string): ReadJws | undefined {
  const [header, claims, signature, rest] = token.split('.')
  if (signature === undefined || rest !== undefined) return undefined
  const read = (part: string | undefined): Members | undefined => {
    try {
      const value: unknown = JSON.parse(new TextDecoder().decode(decode(part ?? '')))
      return typeof value === 'object' && value !== null ? { ...value } : undefined
    } catch {
      return undefined
    }
  }
  const [readHeader, readClaims] = [read(header), read(claims)]
  return readHeader === undefined || readClaims === undefined ? undefined : { header: readHeader, claims: readClaims }
}
