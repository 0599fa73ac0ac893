/**
 * What a session needs of a place to keep things: four verbs over string keys.
 *
 * @module
 */

/** A JSON object, with `CryptoKey`s in it where the store keeps them. `generation` changes with every write; `dropAfter` (seconds since the epoch) lets a store forget it. */
export interface StoredRecord {
  readonly generation: string
  readonly dropAfter?: number | undefined
  readonly [member: string]: unknown
}

/**
 * Keeps credentials, registrations, discovery results and pending flows. Whoever implements one for a keychain or a database must
 * keep two promises: `delete` tells who removed a record, and `lock` lets one holder at a time work on a key, in every process that
 * shares the store.
 *
 * @example const session = createSession(url, { store: memoryStore() })
 */
export interface Store {
  /**
   * Records may hold `CryptoKey`s, as the structured clone algorithm (IndexedDB) has them: the keys of bound tokens are then such that
   * nobody can export them. Left out: they are JSON, private keys included.
   */
  readonly keepsCryptoKeys?: boolean
  /** The record, or `undefined`. A record that cannot be read counts as absent. */
  get(key: string): Promise<StoredRecord | undefined>
  /** Durable once resolved; rejects when it is not. */
  set(key: string, record: StoredRecord): Promise<void>
  /** Removes the record, with `ifGeneration` only that generation. `true` for the one caller whose call removed it. */
  delete(key: string, ifGeneration?: string): Promise<boolean>
  /** Runs `work` while nobody else holds `key`. `work` is given a signal that aborts when the lock is lost. */
  lock<Value>(key: string, work: (lost: AbortSignal) => Promise<Value>, options?: LockOptions): Promise<Value>
}

/** How to wait for a lock. */
export interface LockOptions {
  /** Ends the waiting, not the work. */
  readonly signal?: AbortSignal | undefined
}
