/**
 * Whether one of somebody's keys signed a JWS.
 *
 * @see RFC 7515 section 5.2
 * @see RFC 8725 section 3.1 and section 3.10: algorithms are listed, and keys that a JWS itself brings or names are not looked at
 * @module
 */
import { JOSEError, JWKSMultipleMatchingKeys } from 'jose/errors'
import type { LocalJWKSet } from 'jose/jwks/local'
import { compactVerify } from 'jose/jws/compact/verify'

/** The key alone says which algorithm it is for; a compact JWS only chooses among keys. */
export async function isSigned(
  jws: string,
  key: LocalJWKSet | CryptoKey,
  algorithms: readonly string[],
): Promise<boolean> {
  try {
    const options = { algorithms: [...algorithms] }
    await (typeof key === 'function' ? compactVerify(jws, key, options) : compactVerify(jws, key, options))
    return true
  } catch (error) {
    // Without a `kid` several may fit: a set is short.
    if (error instanceof JWKSMultipleMatchingKeys) {
      for await (const one of error) if (await isSigned(jws, one, algorithms)) return true
      return false
    }
    // A key that cannot be imported is a TypeError or a DOMException of the platform: it fits nothing.
    if (error instanceof JOSEError || error instanceof TypeError || error instanceof DOMException) return false
    throw error
  }
}
