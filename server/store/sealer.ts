/**
 * Seals a text for the bearer of a token: the database alone cannot open it. One is sealed with every refresh, so it is done at once and on
 * this thread; what comes out is a JWE.
 *
 * @see RFC 5869 section 2.2: HKDF-Extract
 * @see RFC 7516 section 3.1: the compact form; RFC 7518 section 4.5 (`dir`) and section 5.3 (`A256GCM`)
 * @see docs/adr/0073-small-secrets-on-this-thread.md
 *
 * @standard RFC 7516: JSON Web Encryption
 * @status used
 * @does keys and successors at rest
 * @module
 */
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto'
import type { Sealer } from '../core/ports.ts'

export const sealer: Sealer = {
  async seal(text, secret) {
    const iv = Buffer.from(crypto.getRandomValues(new Uint8Array(IV_LENGTH)))
    const cipher = createCipheriv('aes-256-gcm', derive(secret), iv).setAAD(Buffer.from(HEADER))
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
    return [HEADER, '', ...[iv, sealed, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join('.')
  },

  async open(sealed, secret) {
    const [, iv, text, tag] = SEALED.exec(sealed)?.map((part) => Buffer.from(part, 'base64url')) ?? []
    if (iv?.length !== IV_LENGTH || text === undefined || tag?.length !== TAG_LENGTH) return null
    const decipher = createDecipheriv('aes-256-gcm', derive(secret), iv, { authTagLength: TAG_LENGTH })
    decipher.setAAD(Buffer.from(HEADER)).setAuthTag(tag)
    try {
      return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8')
    } catch {
      return null
    }
  },
}

/** In bytes. */
const IV_LENGTH = 12
const TAG_LENGTH = 16

const HEADER = Buffer.from('{"alg":"dir","enc":"A256GCM"}').toString('base64url')

const SEALED = new RegExp(`^${HEADER}\\.\\.([\\w-]+)\\.([\\w-]*)\\.([\\w-]+)$`)

/** Only the bearer can: 256 bits, from a token of full entropy, in the one step of HKDF that is needed for one key. */
const derive = (secret: string): Uint8Array => createHmac('sha256', PURPOSE).update(secret).digest()

const PURPOSE = 'sallyport sealed successor'
