/**
 * The key that a credential is bound to, as a store keeps it: so that nobody can export it where the store can do that, as a private JWK
 * elsewhere.
 *
 * @see RFC 9449 section 11.4: a key that cannot be exported is of no use to whoever reads the tokens
 * @see docs/adr/0057-where-a-key-is-kept.md
 * @module
 */
import * as v from 'valibot'
import { type DpopAlgorithm, type DpopPublicKey, isDpopAlgorithm, JwkThumbprint } from '../../shared/dpop/public-key.ts'
import { type DpopSigningKey, exportDpopKey, generateDpopKey, importDpopKey } from '../../shared/dpop/signing-key.ts'
import { SallyportError } from '../errors.ts'
import type { Store } from '../stores/store.ts'

const Algorithm = v.custom<DpopAlgorithm>(isDpopAlgorithm)
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null
/** Not `instanceof`: pages without a secure context have no `CryptoKey` to compare with, and load this module all the same. */
const isCryptoKey = (value: unknown): boolean => Object.prototype.toString.call(value) === '[object CryptoKey]'

const Written = v.object({ alg: Algorithm, privateJwk: v.custom<JsonWebKey>(isObject) })
const Kept = v.object({
  alg: Algorithm,
  privateKey: v.custom<CryptoKey>(isCryptoKey),
  publicJwk: v.custom<DpopPublicKey>(isObject),
  thumbprint: JwkThumbprint,
})

export const StoredKey = v.union([Written, Kept])
export type StoredKey = v.InferOutput<typeof StoredKey>

/** A new key, in the best form that `store` can keep; `undefined` where this runtime has no such keys. */
export async function newKey({ keepsCryptoKeys = false }: Store, alg: DpopAlgorithm): Promise<StoredKey | undefined> {
  const key = await generateDpopKey(alg, { extractable: !keepsCryptoKeys }).catch(() => undefined)
  if (key === undefined) return undefined
  return keepsCryptoKeys ? key : { alg, privateJwk: await exportDpopKey(key) }
}

/** Importing costs as much as signing: once for each time that a record is read. */
const imported = new WeakMap<StoredKey, Promise<DpopSigningKey>>()

/**
 * The key, ready to sign.
 *
 * @throws {SallyportError} `store_failed` where what was kept is no key (any more)
 */
export async function signingKey(stored: StoredKey): Promise<DpopSigningKey> {
  if ('privateKey' in stored) return stored
  const known = imported.get(stored) ?? importDpopKey(stored.alg, stored.privateJwk)
  imported.set(stored, known)
  try {
    return await known
  } catch (cause) {
    throw new SallyportError('store_failed', { cause })
  }
}
