/**
 * The keychain of the operating system: macOS Keychain, Windows Credential Manager, the Secret Service of Linux desktops.
 *
 * @see docs/adr/0160-the-keychain-keeps-one-key.md
 * @module
 */
import type { Keychain } from './keychain.ts'

/** Under which name the secret is kept, as a person may see it in the keychain's window. */
export interface OsKeychainOptions {
  /** Default `sallyport`. */
  readonly service?: string
  /** Default `store key`. */
  readonly account?: string
}

/**
 * The operating system's keychain, through the optional package `@napi-rs/keyring`, which is loaded when it is first used.
 *
 * @example keychainStore({ keychain: osKeychain({ service: 'my-host' }) })
 */
export function osKeychain({ service = 'sallyport', account = 'store key' }: OsKeychainOptions = {}): Keychain {
  const entry = async () => {
    const { AsyncEntry } = await load()
    // Without a desktop the package would use the kernel's keys, which are gone after a restart, and say nothing.
    return new AsyncEntry(service, account, { linux: { store: 'secret-service' } })
  }
  return {
    read: async (signal) => (await (await entry()).getPassword(signal)) ?? undefined,
    write: async (secret, signal) => (await entry()).setPassword(secret, signal),
  }
}

async function load(): Promise<typeof import('@napi-rs/keyring')> {
  try {
    return await import('@napi-rs/keyring')
  } catch (cause) {
    throw new Error('The keychain needs a package that is not there: npm install @napi-rs/keyring', { cause })
  }
}
