/**
 * A signing key pair: generating, sealing and unsealing it.
 *
 * @see RFC 7517: JSON Web Key
 * @see RFC 7638: the thumbprint that names a key
 * @module
 */
import { calculateJwkThumbprint } from 'jose/jwk/thumbprint'
import { exportJWK } from 'jose/key/export'
import { generateKeyPair } from 'jose/key/generate/keypair'
import * as v from 'valibot'
import { PublicJwk } from '../../shared/json-web-key-set.ts'
import type { KeyRecord } from '../core/key-life-cycle.ts'
import type { KeyVault } from './key-vault.ts'
import { createSignJws, type SignJws } from './sign-jws.ts'
import type { SigningKey } from './signing-keys.ts'

/** The algorithms that access tokens can be signed with. */
export const SigningAlgorithm = v.picklist(['ES256', 'RS256'])
export type SigningAlgorithm = v.InferOutput<typeof SigningAlgorithm>

export interface KeyPair {
  readonly sign: SignJws
  readonly publicJwk: PublicJwk
}

/** The stored signing keys were encrypted with another secret, or damaged. */
export class WrongSecret extends Error {
  override readonly name = 'WrongSecret'
}

/** A new pair, ready to be stored. */
export async function generateKey(
  algorithm: SigningAlgorithm,
  times: Pick<KeyRecord, 'generation' | 'createdAt' | 'signsFrom'>,
  vault: KeyVault,
): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true })
  const jwk = await exportJWK(privateKey)
  const kid = await calculateJwkThumbprint(jwk)
  const sealedJwk = await vault.seal(JSON.stringify({ ...jwk, kid, alg: algorithm, use: 'sig' }))
  return { ...times, kid, algorithm, sealedJwk }
}

/**
 * The pair that is inside. The private key signs and never comes out.
 *
 * @throws {WrongSecret}
 */
export async function unsealKey({ sealedJwk }: SigningKey, vault: KeyVault): Promise<KeyPair> {
  const opened = await vault.open(sealedJwk)
  if (opened === null) {
    throw new WrongSecret(
      'The signing keys in the database were encrypted with another secret. Start with the secret they were made with (SALLYPORT_SECRET); to change it, give the old one as SALLYPORT_PREVIOUS_SECRET.',
    )
  }
  const jwk: unknown = JSON.parse(opened.text)
  // The schema names the public members and drops all others.
  return { sign: createSignJws(v.parse(AnyJwk, jwk)), publicJwk: v.parse(PublicJwk, jwk) }
}

/** Whether it is a private key is found out by importing it. */
const AnyJwk = v.record(v.string(), v.string())
