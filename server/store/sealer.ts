/**
 * Seals a text for the bearer of a token: the database alone cannot open it.
 *
 * @module
 */
import type { Sealer } from '../core/ports.ts'
import { decrypt, deriveKey, encrypt } from './encryption.ts'

const PURPOSE = 'sallyport sealed answer'

export const sealer: Sealer = {
  seal: async (text, secret) => encrypt(text, await deriveKey(secret, PURPOSE)),
  open: async (sealed, secret) => decrypt(sealed, await deriveKey(secret, PURPOSE)),
}
