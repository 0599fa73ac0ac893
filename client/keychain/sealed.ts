/**
 * Records that can be read with a key only: AES-256-GCM, each bound to the store's key that it is kept under.
 *
 * @module
 */
import { base64url } from 'jose'
import { readRecord, type Writing } from '../node/file-store.ts'

const IV_BYTES = 12
const KEY_BYTES = 32

/** A new key, as text. */
export const newSecret = (): string => base64url.encode(crypto.getRandomValues(new Uint8Array(KEY_BYTES)))

/** How records are written under `secret`. @throws {Error} where it is no key */
export async function sealedWith(secret: string): Promise<Writing> {
  const bytes = new Uint8Array(base64url.decode(secret))
  if (bytes.byteLength !== KEY_BYTES) throw new Error('What the keychain has is not a key of this library.')
  const key = await crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt'])

  return {
    async toText(name, record) {
      const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES))
      const algorithm = { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(name) }
      const plain = new TextEncoder().encode(JSON.stringify(record))
      const sealed = new Uint8Array(await crypto.subtle.encrypt(algorithm, key, plain))
      const { dropAfter } = record
      return JSON.stringify({
        ...(dropAfter !== undefined && { dropAfter }),
        iv: base64url.encode(iv),
        sealed: base64url.encode(sealed),
      })
    },

    async toRecord(name, text) {
      const { iv, sealed } = members(text)
      if (typeof iv !== 'string' || typeof sealed !== 'string') return undefined
      try {
        const algorithm = {
          name: 'AES-GCM',
          iv: new Uint8Array(base64url.decode(iv)),
          additionalData: new TextEncoder().encode(name),
        }
        const plain = await crypto.subtle.decrypt(algorithm, key, new Uint8Array(base64url.decode(sealed)))
        return readRecord(new TextDecoder().decode(plain))
      } catch {
        // Another key's, or moved from another name: as good as nothing.
        return undefined
      }
    },
  }
}

function members(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}
