/**
 * Signs as any authorization server might, rightly or wrongly: every algorithm, any header, any bytes. Works with WebCrypto, which the code
 * under test does not.
 *
 * @module
 */
import { exportJWK, generateKeyPair, type JWK } from 'jose'

type Kind = 'P-256' | 'P-384' | 'P-521' | 'Ed25519' | 'RSA'

interface Algorithm {
  readonly kind: Kind
  readonly key: { readonly name: string; readonly namedCurve?: string; readonly hash?: string }
  readonly signing: { readonly name: string; readonly hash?: string; readonly saltLength?: number }
}

const ecdsa = (kind: Kind, hash: string): Algorithm => ({
  kind,
  key: { name: 'ECDSA', namedCurve: kind },
  signing: { name: 'ECDSA', hash },
})
const rsa = (hash: string): Algorithm => ({
  kind: 'RSA',
  key: { name: 'RSASSA-PKCS1-v1_5', hash },
  signing: { name: 'RSASSA-PKCS1-v1_5' },
})
const pss = (hash: string, saltLength: number): Algorithm => ({
  kind: 'RSA',
  key: { name: 'RSA-PSS', hash },
  signing: { name: 'RSA-PSS', saltLength },
})
const ed25519: Algorithm = { kind: 'Ed25519', key: { name: 'Ed25519' }, signing: { name: 'Ed25519' } }

/** What each name means, by RFC 7518, RFC 8037 and RFC 9864. */
export const SIGNATURES = {
  ES256: ecdsa('P-256', 'SHA-256'),
  ES384: ecdsa('P-384', 'SHA-384'),
  ES512: ecdsa('P-521', 'SHA-512'),
  RS256: rsa('SHA-256'),
  RS384: rsa('SHA-384'),
  RS512: rsa('SHA-512'),
  PS256: pss('SHA-256', 32),
  PS384: pss('SHA-384', 48),
  PS512: pss('SHA-512', 64),
  EdDSA: ed25519,
  Ed25519: ed25519,
} satisfies Record<string, Algorithm>
export type SignatureName = keyof typeof SIGNATURES

export const SIGNATURE_NAMES: readonly SignatureName[] = [
  'ES256',
  'ES384',
  'ES512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'EdDSA',
  'Ed25519',
]

/** Pairs of every kind, made once: RSA takes its time. */
const pairs = {
  'P-256': await createPair('ES256'),
  'P-384': await createPair('ES384'),
  'P-521': await createPair('ES512'),
  Ed25519: await createPair('EdDSA'),
  RSA: await createPair('RS256'),
} satisfies Record<Kind, Pair>

interface Pair {
  readonly publicJwk: JWK
  readonly privateJwk: JWK
}

async function createPair(alg: SignatureName): Promise<Pair> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { publicJwk: await exportJWK(publicKey), privateJwk: await exportJWK(privateKey) }
}

/** The public key that goes with the signatures of an algorithm; without kid, alg and use. */
export const publicJwkFor = (name: SignatureName): JWK => ({ ...pairs[SIGNATURES[name].kind].publicJwk })

/** The private one. */
export const privateJwkFor = (name: SignatureName): JWK => ({ ...pairs[SIGNATURES[name].kind].privateJwk })

/** The signature of `input`. `saltLength` is for RSASSA-PSS alone. */
export async function signBytes(
  name: SignatureName,
  input: Uint8Array<ArrayBuffer>,
  saltLength?: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const { key, signing } = SIGNATURES[name]
  const imported = await crypto.subtle.importKey('jwk', privateJwkFor(name), key, false, ['sign'])
  const parameters = saltLength === undefined ? signing : { ...signing, saltLength }
  return new Uint8Array(await crypto.subtle.sign(parameters, imported, input))
}

/** Base64url of a text as it is, or of anything else as JSON. */
export const encodePart = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** A compact JWS that is signed, whatever is in it. `change` sees the signature before it is written. */
export async function signCompact(
  name: SignatureName,
  header: unknown,
  payload: unknown,
  change: (signature: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> = (signature) => signature,
): Promise<string> {
  const input = `${encodePart(header)}.${encodePart(payload)}`
  const signature = change(await signBytes(name, new TextEncoder().encode(input)))
  return `${input}.${Buffer.from(signature).toString('base64url')}`
}
