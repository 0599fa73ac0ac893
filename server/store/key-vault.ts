/**
 * Seals signing keys, and what else is for this server alone, with the server's secret, and opens them with it or, while the secret is being changed, with the other one.
 *
 * @see docs/adr/0026-changing-the-secret.md
 * @module
 */
import { decrypt, deriveKey, encrypt } from './encryption.ts'

export interface KeyVault {
  seal(text: string): Promise<string>
  /** Null: sealed with a secret that is not known here, or damaged. `outdated`: sealed with the previous secret. */
  open(sealed: string): Promise<{ readonly text: string; readonly outdated: boolean } | null>
}

export interface Secrets {
  /** At least 32 bytes. */
  readonly secret: string
  /** The secret of before, or the one to come. */
  readonly previousSecret?: string | undefined
}

/** Purposes have keys of their own. @throws {RangeError} when a secret is too short. */
export async function createKeyVault(
  { secret, previousSecret }: Secrets,
  purpose = 'sallyport signing keys',
): Promise<KeyVault> {
  const key = await toKey(secret, purpose)
  const previous = previousSecret === undefined ? null : await toKey(previousSecret, purpose)
  return {
    seal: (text) => encrypt(text, key),
    async open(sealed) {
      const text = await decrypt(sealed, key)
      if (text !== null) return { text, outdated: false }
      const outdated = previous === null ? null : await decrypt(sealed, previous)
      return outdated === null ? null : { text: outdated, outdated: true }
    },
  }
}

function toKey(secret: string, purpose: string): Promise<CryptoKey> {
  if (new TextEncoder().encode(secret).length < 32) throw new RangeError('The secret must have at least 32 bytes.')
  return deriveKey(secret, purpose)
}
