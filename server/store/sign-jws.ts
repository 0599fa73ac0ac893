/**
 * Signing a compact JWS with a key that stays inside.
 *
 * @see RFC 7515 section 7.1: the compact form
 * @see RFC 7518 section 3.3 (RS256) and section 3.4 (ES256: r and s, 32 bytes each)
 * @see docs/adr/0073-small-secrets-on-this-thread.md
 * @module
 */
import { createPrivateKey, sign } from 'node:crypto'
import { promisify } from 'node:util'

/** The compact JWS of a payload. */
export type SignJws = (header: object, payload: object) => Promise<string>

/** @throws {Error} when `jwk` is not a private key. */
export function createSignJws(jwk: Readonly<Record<string, string>>): SignJws {
  const key = createPrivateKey({ key: jwk, format: 'jwk' })
  const signature = key.asymmetricKeyType === 'ec' ? es256 : rs256

  /** At once: a signature on P-256 takes less time than another thread takes to hear of it. */
  async function es256(input: Buffer): Promise<Buffer> {
    return sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' })
  }
  function rs256(input: Buffer): Promise<Buffer> {
    return signElsewhere('sha256', input, key)
  }
  return async (header, payload) => {
    const input = `${encode(header)}.${encode(payload)}`
    return `${input}.${(await signature(Buffer.from(input))).toString('base64url')}`
  }
}

const signElsewhere = promisify(sign)

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
