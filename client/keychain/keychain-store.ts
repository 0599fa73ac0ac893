/**
 * A file store whose records are sealed with a key that the keychain has.
 *
 * @see docs/adr/0160-the-keychain-keeps-one-key.md
 * @module
 */
import { join } from 'node:path'
import process from 'node:process'
import { SallyportError } from '../errors.ts'
import { defaultDirectory, type FileStoreOptions, fileStore, recordStore } from '../node/file-store.ts'
import { orAborted } from '../stores/mutex.ts'
import type { Store } from '../stores/store.ts'
import type { Keychain } from './keychain.ts'
import { osKeychain } from './os-keychain.ts'
import { newSecret, sealedWith } from './sealed.ts'

/** Where the records are, and what happens where there is no keychain. */
export interface KeychainStoreOptions extends FileStoreOptions {
  /** Default `keychain` below the file store's directory. */
  readonly directory?: string
  /** Default the operating system's. */
  readonly keychain?: Keychain
  /**
   * Seconds that the keychain may take to answer; it may have to ask a person. Default 30. A program on Node that wants to end while the
   * keychain still hangs has to wait for it.
   */
  readonly timeout?: number
  /**
   * Used instead where the keychain cannot be: there is none, it stays locked, it does not answer. Decided once, at the first use. Left
   * out: an error, `store_failed`, whose cause says why.
   */
  readonly fallback?: Store
  /** Told that the fallback is used. Default: a warning of the process. */
  readonly onFallback?: (reason: SallyportError) => void
}

/**
 * Keeps records in files as `fileStore` does, encrypted: who copies the files has nothing. The keychain is asked once in the life of
 * the store, however many records there are.
 *
 * @throws {SallyportError} from the store's methods: `store_failed` where the keychain cannot be used and no fallback is named, and as
 *   `fileStore`
 * @example
 * // On servers and in containers there is often no keychain: say what is to happen then.
 * const store = keychainStore({ fallback: fileStore() })
 */
export function keychainStore(options: KeychainStoreOptions = {}): Store {
  const { keychain = osKeychain(), timeout = 30, fallback, onFallback = warn, ...rest } = options
  const files = { ...rest, directory: options.directory ?? join(defaultDirectory(), 'keychain') }
  let chosen: Promise<Store> | undefined

  const choose = async (): Promise<Store> => {
    try {
      return recordStore(files, await sealedWith(await secretOf(keychain, timeout, fileStore(files))))
    } catch (cause) {
      if (cause instanceof SallyportError) throw cause
      const reason = new SallyportError('store_failed', { cause })
      if (fallback === undefined) throw reason
      onFallback(reason)
      return fallback
    }
  }
  const store = (): Promise<Store> => {
    chosen ??= choose().catch((error) => {
      // A person may unlock it meanwhile.
      chosen = undefined
      throw error
    })
    return chosen
  }

  return {
    get: async (key) => (await store()).get(key),
    set: async (key, record, ifGeneration) => (await store()).set(key, record, ifGeneration),
    delete: async (key, ifGeneration) => (await store()).delete(key, ifGeneration),
    lock: async (key, work, how) => (await store()).lock(key, work, how),
  }
}

/** The key that is there, else a new one: of processes that begin together one makes it. */
async function secretOf(keychain: Keychain, timeout: number, { lock }: Store): Promise<string> {
  const read = () => within(timeout, (signal) => keychain.read(signal))
  return (
    (await read()) ??
    lock('key:', async () => {
      const other = await read()
      if (other !== undefined) return other
      const secret = newSecret()
      await within(timeout, (signal) => keychain.write(secret, signal))
      if ((await read()) !== secret) throw new Error('The keychain did not keep the key.')
      return secret
    })
  )
}

/** Native code does not always listen to a signal. */
async function within<Value>(seconds: number, ask: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
  const late = new AbortController()
  const reason = new Error(
    `The keychain has not answered for ${seconds} s. Is it locked, with nobody there to unlock it?`,
  )
  const timer = setTimeout(() => late.abort(reason), seconds * 1000)
  try {
    return await orAborted(ask(late.signal), late.signal)
  } finally {
    clearTimeout(timer)
  }
}

function warn(reason: SallyportError): void {
  const why = reason.cause instanceof Error ? reason.cause.message : ''
  process.emitWarning(`The keychain cannot be used, so credentials are kept in the fallback store. ${why}`)
}
