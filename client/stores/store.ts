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
 * Keeps credentials, registrations, discovery results and pending flows. Whoever implements one for a keychain or a database keeps
 * three promises: `set` and `delete` with a generation are one step each, and tell who won; what `set` has told to be written is
 * durable; `lock` lets one holder at a time work on a key, in every process that shares the store. The cases of
 * `sallyport/client/stores/conformance` check them.
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
  /**
   * Writes the record, with `ifGeneration` only in place of that generation. `true`: it is written, and durable; `false`: another generation
   * is there, or none. Rejects where it cannot be written. A lock does not replace the comparison: its holder may have been stopped
   * for longer than the lock could wait.
   */
  set(key: string, record: StoredRecord, ifGeneration?: string): Promise<boolean>
  /** Removes the record, with `ifGeneration` only that generation. `true` for the one caller whose call removed it. */
  delete(key: string, ifGeneration?: string): Promise<boolean>
  /**
   * Runs `work` while nobody else holds `key`, and gives its value or its error. `work` is given a signal that aborts when it is known that the
   * lock was lost. The holder may call the other verbs, also for `key`.
   */
  lock<Value>(key: string, work: (lost: AbortSignal) => Promise<Value>, options?: LockOptions): Promise<Value>
}

/** How to wait for a lock. */
export interface LockOptions {
  /** Ends the waiting, not the work. */
  readonly signal?: AbortSignal | undefined
}
