/**
 * A store in the browser: records in IndexedDB, which keeps keys that nobody can export, and the browser's own locks between tabs.
 *
 * A transaction of IndexedDB is one step. A lock of the Web Locks API has one holder per origin, in whichever tab or worker; a tab that is
 * gone holds nothing.
 *
 * @see docs/adr/0057-where-a-key-is-kept.md
 * @module
 */
import { SallyportError } from '../errors.ts'
import type { Store, StoredRecord } from '../stores/store.ts'

/** Where a browser store keeps its records. */
export interface IndexedDbStoreOptions {
  /** The name of the database, and the beginning of its locks' names. Default `sallyport`. */
  readonly name?: string
  /** The clock, in seconds since the epoch; only decides when abandoned flows are swept. */
  readonly now?: () => number
}

const RECORDS = 'records'
const DROP_AFTER = 'dropAfter'

/**
 * Keeps records in IndexedDB, shared by all tabs and workers of the origin. Whatever script runs in the page can read the tokens; the keys
 * that they are bound to it can use while it runs, and not take away.
 *
 * @throws {SallyportError} from the store's methods: `configuration` where the page is no secure context (https or localhost); the database's
 *   own errors otherwise
 * @example const session = createSession(url, { store: indexedDbStore() })
 */
export function indexedDbStore(options: IndexedDbStoreOptions = {}): Store {
  const { name = 'sallyport', now = () => Math.floor(Date.now() / 1000) } = options
  let opened: Promise<IDBDatabase> | undefined

  const open = (): Promise<IDBDatabase> => {
    opened ??= openDatabase(name, () => {
      opened = undefined
    })
    return opened
  }

  /** One transaction, in which `work` asks and writes without waiting for anything else. */
  const transact = async <Value>(
    mode: IDBTransactionMode,
    work: (records: IDBObjectStore) => Value | Promise<Value>,
  ): Promise<Value> => {
    const transaction = (await open()).transaction(RECORDS, mode, { durability: 'strict' })
    const ended = endOf(transaction)
    try {
      const value = await work(transaction.objectStore(RECORDS))
      await ended
      return value
    } catch (error) {
      ended.catch(() => {})
      throw error
    }
  }

  const writeIf = (
    key: string,
    ifGeneration: string | undefined,
    write: (records: IDBObjectStore, present: StoredRecord | undefined) => boolean,
  ): Promise<boolean> =>
    transact('readwrite', async (records) => {
      const present = await read(records, key)
      const fits = ifGeneration === undefined || present?.generation === ifGeneration
      return fits && write(records, present)
    })

  return {
    keepsCryptoKeys: true,

    get: (key) => transact('readonly', (records) => read(records, key)),

    set: (key, record, ifGeneration) =>
      writeIf(key, ifGeneration, (records) => {
        if (record.dropAfter !== undefined) sweep(records, now())
        records.put(record, key)
        return true
      }),

    delete: (key, ifGeneration) =>
      writeIf(key, ifGeneration, (records, present) => {
        if (present === undefined) return false
        records.delete(key)
        return true
      }),

    async lock(key, work, { signal } = {}) {
      signal?.throwIfAborted()
      // The signal is for the waiting: once the lock is granted, the browser does not listen to it any more.
      const how = signal === undefined ? {} : { signal }
      return locks().request(`${name} ${key}`, how, () => work(new AbortController().signal))
    },
  }
}

function openDatabase(name: string, closed: () => void): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1)
  return new Promise((resolve, reject) => {
    request.onupgradeneeded = () => {
      request.result.createObjectStore(RECORDS).createIndex(DROP_AFTER, DROP_AFTER)
    }
    request.onsuccess = () => {
      const database = request.result
      // A later version of this library in another tab, or a person who clears the site's data: opened again when it is needed.
      database.onversionchange = () => {
        database.close()
        closed()
      }
      database.onclose = closed
      resolve(database)
    }
    request.onerror = () => {
      closed()
      reject(request.error)
    }
  })
}

async function read(records: IDBObjectStore, key: string): Promise<StoredRecord | undefined> {
  const value: unknown = await resultOf(records.get(key))
  return isRecord(value) ? value : undefined
}

function isRecord(value: unknown): value is StoredRecord {
  return typeof value === 'object' && value !== null && 'generation' in value && typeof value.generation === 'string'
}

/** Forgets what nobody came back for. */
function sweep(records: IDBObjectStore, now: number): void {
  const over = records.index(DROP_AFTER).openKeyCursor(IDBKeyRange.upperBound(now, true))
  over.onsuccess = () => {
    if (over.result === null) return
    records.delete(over.result.primaryKey)
    over.result.continue()
  }
}

function resultOf<Value>(request: IDBRequest<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

function endOf(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error)
  })
}

function locks(): LockManager {
  if (globalThis.isSecureContext) return navigator.locks
  const cause = new Error('The browser store needs a secure context: https, or http on localhost.')
  throw new SallyportError('configuration', { cause })
}
