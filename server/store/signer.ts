/**
 * The signing keys at work: made at the first start, encrypted at rest with the server's secret, held in memory.
 *
 * @see RFC 9068 section 2.1: `typ` at+jwt
 * @see RFC 7638: the thumbprint that names a key
 * @see docs/adr/0022-signing-keys-at-rest.md
 * @module
 */
import { compactVerify, createLocalJWKSet, errors, SignJWT } from 'jose'
import * as v from 'valibot'
import { ACCESS_TOKEN_TYPE, AccessTokenClaims } from '../../shared/access-token.ts'
import type { JsonWebKeySet } from '../../shared/json-web-key-set.ts'
import type { Clock, Signer } from '../core/ports.ts'
import { deriveKey } from './encryption.ts'
import { generateKey, type SigningAlgorithm, unsealKey } from './key-pair.ts'
import type { SigningKey, SigningKeys } from './signing-keys.ts'

export interface SignerOptions {
  readonly keys: SigningKeys
  /** At least 32 bytes, the same at every start. */
  readonly secret: string
  /** Default: ES256. */
  readonly algorithm?: SigningAlgorithm
  readonly now: Clock
}

/**
 * Loads the keys, and makes one where there is none for `algorithm`. Keys of before stay in the key set.
 *
 * @throws {WrongSecret} when the stored keys were encrypted with another secret.
 * @throws {RangeError} when the secret is too short.
 * @throws {StoreUnavailable}
 * @example
 * const signer = await createSigner({ keys: store.signingKeys, secret, now })
 */
export async function createSigner({ keys, secret, algorithm = 'ES256', now }: SignerOptions): Promise<Signer> {
  if (new TextEncoder().encode(secret).length < 32) throw new RangeError('The secret must have at least 32 bytes.')
  const key = await deriveKey(secret, 'sallyport signing keys')
  const pairs = await Promise.all(
    (await provideKeys(keys, algorithm, key, now)).map((stored) => unsealKey(stored, key)),
  )
  const current = pairs.at(-1)
  if (current === undefined) throw new Error('There is no signing key.')

  const keySet: JsonWebKeySet = { keys: pairs.map((pair) => pair.publicJwk) }
  const findKey = createLocalJWKSet(keySet)
  const algorithms = [...new Set(keySet.keys.map(({ alg }) => alg))]

  return {
    signAccessToken: (claims) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: current.publicJwk.alg, typ: ACCESS_TOKEN_TYPE, kid: current.publicJwk.kid })
        .sign(current.privateKey),

    async readAccessToken(token) {
      try {
        const { payload, protectedHeader } = await compactVerify(token, findKey, { algorithms })
        if (protectedHeader.typ !== ACCESS_TOKEN_TYPE) return null
        const claims = v.safeParse(AccessTokenClaims, JSON.parse(new TextDecoder().decode(payload)))
        return claims.success ? claims.output : null
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof SyntaxError) return null
        throw error
      }
    },

    jwks: async () => keySet,
  }
}

/** The stored keys, after adding one if the last is not of this algorithm. Whoever is slower takes what the other process made. */
async function provideKeys(
  keys: SigningKeys,
  algorithm: SigningAlgorithm,
  key: CryptoKey,
  now: Clock,
): Promise<readonly SigningKey[]> {
  const stored = await keys.list()
  const last = stored.at(-1)
  if (last?.algorithm === algorithm) return stored
  // Only with the right secret: a key that nobody else can read must not become the current one.
  if (last !== undefined) await unsealKey(last, key)
  await keys.add(await generateKey(algorithm, (last?.generation ?? 0) + 1, key, now()))
  return keys.list()
}
