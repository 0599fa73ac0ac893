/**
 * Authenticated encryption of small texts with keys that are derived from secrets of full entropy. Web Crypto only.
 *
 * @see RFC 5869: HKDF
 * @see RFC 7516 section 3.1: the compact form; RFC 7518 section 4.5 (`dir`) and section 5.3 (`A256GCM`)
 *
 * @standard RFC 5869: HKDF
 * @status used
 * @does keys that follow from the secret
 * @module
 */
import { JOSEError } from 'jose/errors'
import { compactDecrypt } from 'jose/jwe/compact/decrypt'
import { CompactEncrypt } from 'jose/jwe/compact/encrypt'

/** Derives a key that cannot be exported. Different purposes give unrelated keys. Not for passwords: HKDF is fast. */
export async function deriveKey(secret: string, purpose: string): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey('raw', encoder.encode(secret), 'HKDF', false, ['deriveKey'])
  const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: encoder.encode(purpose) }
  return crypto.subtle.deriveKey(hkdf, material, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
}

export const encrypt = (text: string, key: CryptoKey): Promise<string> =>
  new CompactEncrypt(encoder.encode(text)).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).encrypt(key)

/** Null when the key does not fit or the text was changed. */
export async function decrypt(sealed: string, key: CryptoKey): Promise<string | null> {
  try {
    const { plaintext } = await compactDecrypt(sealed, key, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
    })
    return new TextDecoder().decode(plaintext)
  } catch (error) {
    if (error instanceof JOSEError) return null
    throw error
  }
}

const encoder = new TextEncoder()
