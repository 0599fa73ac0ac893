/**
 * DPoP proofs of any shape, good or bad, made without the code under test: `jose` makes the keys, the rest is put together by hand.
 *
 * @module
 */
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose'
import { encodePart } from './foreign-signer.ts'

export interface Prover {
  readonly alg: string
  readonly privateKey: CryptoKey
  readonly publicJwk: JWK
  readonly privateJwk: JWK
  readonly thumbprint: string
}

/** Members of `undefined` are left out. */
export interface Crafted {
  readonly header?: Readonly<Record<string, unknown>>
  readonly claims?: Readonly<Record<string, unknown>>
  /** Who signs it, if not the key in its header. */
  readonly signer?: Prover
}

/** The request that a proof is for. */
export interface Proven {
  readonly method: string
  readonly url: string
  readonly now: number
  readonly nonce?: string | undefined
  readonly accessToken?: string | undefined
}

export async function createProver(alg = 'ES256'): Promise<Prover> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const [publicJwk, privateJwk] = [await exportJWK(publicKey), await exportJWK(privateKey)]
  return { alg, privateKey, publicJwk, privateJwk, thumbprint: await calculateJwkThumbprint(publicJwk) }
}

/** A proof that is right, but for what `crafted` says. */
export async function craftProof(
  prover: Prover,
  { method, url, now, nonce, accessToken }: Proven,
  { header = {}, claims = {}, signer = prover }: Crafted = {},
): Promise<string> {
  const ath = accessToken === undefined ? undefined : await sha256(accessToken)
  const said = { jti: crypto.randomUUID(), htm: method, htu: url, iat: now, nonce, ath, ...claims }
  const input = `${encodePart({ typ: 'dpop+jwt', alg: prover.alg, jwk: prover.publicJwk, ...header })}.${encodePart(said)}`
  const bytes = new TextEncoder().encode(input)
  const signature = await crypto.subtle.sign(ALGORITHMS[signer.alg] ?? { name: signer.alg }, signer.privateKey, bytes)
  return `${input}.${Buffer.from(signature).toString('base64url')}`
}

/** `ath` of a token. */
export async function sha256(text: string): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))).toString('base64url')
}

const ALGORITHMS: Readonly<Record<string, Parameters<SubtleCrypto['sign']>[0]>> = {
  ES256: { name: 'ECDSA', hash: 'SHA-256' },
  ES384: { name: 'ECDSA', hash: 'SHA-384' },
  ES512: { name: 'ECDSA', hash: 'SHA-512' },
  RS256: { name: 'RSASSA-PKCS1-v1_5' },
  PS256: { name: 'RSA-PSS', saltLength: 32 },
  PS384: { name: 'RSA-PSS', saltLength: 48 },
  EdDSA: { name: 'Ed25519' },
}
