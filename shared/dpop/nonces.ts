/**
 * Nonces that nobody has to remember: each is an HMAC over the window of time that it was given out in, so that every replica with the
 * same secret accepts what another gave out, and a process that has just started, too.
 *
 * @see RFC 9449 section 8 and section 9: nonces of authorization servers and of resource servers; section 11.3: they are not guessable
 * @see RFC 5869: HKDF
 * @see docs/adr/0133-nonces-without-rows.md
 * @module
 */
import { encode } from 'jose/base64url'

export interface DpopNonces {
  /** What to give out now. */
  current(): Promise<string>
  /** Whether it was given out not long ago. */
  accepts(nonce: string): Promise<boolean>
}

export interface DpopNonceOptions {
  /** A secret of full entropy, the same for all who are to accept each other's nonces. */
  readonly secret: string
  /** Who gives them out. Clients keep one nonce for each origin, so servers of one origin share theirs if they share the secret. */
  readonly origin: string
  /** Seconds until there is a new one; the old one is accepted for as long again. */
  readonly lifetime: number
  /** Seconds since the epoch. */
  readonly now: () => number
}

export function createDpopNonces({ secret, origin, lifetime, now }: DpopNonceOptions): DpopNonces {
  const key = deriveKey(secret)
  const windows = new Map<number, Promise<string>>()
  const current = (): number => Math.floor(now() / lifetime)

  /** Computed once in each window. */
  function nonceOf(window: number): Promise<string> {
    const known = windows.get(window)
    if (known !== undefined) return known
    const made = key.then((hmac) => sign(hmac, JSON.stringify([origin, lifetime, window])))
    windows.set(window, made)
    for (const old of windows.keys()) if (Math.abs(old - current()) > 2) windows.delete(old)
    return made
  }

  return {
    current: () => nonceOf(current()),
    async accepts(nonce) {
      const at = current()
      // Most are of this window. The next one has begun already where a clock is ahead of ours.
      for (const window of [at, at - 1, at + 1]) if ((await nonceOf(window)) === nonce) return true
      return false
    },
  }
}

async function deriveKey(secret: string): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey('raw', encoder.encode(secret), 'HKDF', false, ['deriveKey'])
  const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: encoder.encode('sallyport dpop nonce') }
  return crypto.subtle.deriveKey(hkdf, material, { name: 'HMAC', hash: 'SHA-256', length: 256 }, false, ['sign'])
}

/** 132 bits: RFC 9449 section 8.1 allows of base64url what JSON strings and header fields both hold. */
const sign = async (key: CryptoKey, text: string): Promise<string> =>
  encode(new Uint8Array(await crypto.subtle.sign('HMAC', key, encoder.encode(text)))).slice(0, 22)

const encoder = new TextEncoder()
