/**
 * The key that a credential is bound to, as a store keeps it: so that nobody can export it where the store can do that, as a private JWK
 * elsewhere.
 *
 * @see RFC 9449 section 11.4: a key that cannot be exported is of no use to whoever reads the tokens
 * @see docs/adr/0057-where-a-key-is-kept.md
 * @module
 */
import type { DpopAlgorithm, DpopPublicKey } from '../../shared/dpop/public-key.ts'
import {
  canSign,
  type DpopSigningKey,
  exportDpopKey,
  generateDpopKey,
  importDpopKey,
} from '../../shared/dpop/signing-key.ts'
import { type Guard, type Guarded, isObject, isRecord, isString } from '../../shared/guard.ts'
import { oncePer } from '../../shared/once-per.ts'
import { SallyportError } from '../errors.ts'
import type { Store } from '../stores/store.ts'

/** Not `instanceof`: pages without a secure context have no `CryptoKey` to compare with, and load this module all the same. */
const isCryptoKey: Guard<CryptoKey> = (value): value is CryptoKey =>
  isObject(value) && Reflect.get(value, Symbol.toStringTag) === 'CryptoKey'
/** Importing it tells the rest. */
const isPrivateJwk: Guard<JsonWebKey> = (value): value is JsonWebKey => isObject(value)
const isPublicJwk: Guard<DpopPublicKey> = (value): value is DpopPublicKey => isObject(value)

const isWritten = isRecord({ alg: canSign, privateJwk: isPrivateJwk })
const isKept = isRecord({
  alg: canSign,
  privateKey: isCryptoKey,
  publicJwk: isPublicJwk,
  thumbprint: isString,
})

export type StoredKey = Guarded<typeof isWritten> | Guarded<typeof isKept>
export const isStoredKey: Guard<StoredKey> = (value): value is StoredKey => isWritten(value) || isKept(value)

/** A new key, in the best form that `store` can keep; `undefined` where this runtime has no such keys. */
export async function newKey({ keepsCryptoKeys = false }: Store, alg: DpopAlgorithm): Promise<StoredKey | undefined> {
  const key = await generateDpopKey(alg, { extractable: !keepsCryptoKeys }).catch(() => undefined)
  if (key === undefined) return undefined
  return keepsCryptoKeys ? key : { alg, privateJwk: await exportDpopKey(key) }
}

/** Importing costs as much as signing: once for each time that a record is read. */
const imported = oncePer(({ alg, privateJwk }: Guarded<typeof isWritten>) => importDpopKey(alg, privateJwk))

/**
 * The key, ready to sign.
 *
 * @throws {SallyportError} `store_failed` where what was kept is no key (any more)
 */
export async function signingKey(stored: StoredKey): Promise<DpopSigningKey> {
  if ('privateKey' in stored) return stored
  try {
    return await imported(stored)
  } catch (cause) {
    throw new SallyportError('store_failed', { cause })
  }
}
