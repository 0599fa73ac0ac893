/**
 * A store that lives as long as the process.
 *
 * @module
 */
import { createMutex } from './mutex.ts'
import type { Store, StoredRecord } from './store.ts'

/**
 * Keeps everything in memory: for tests, for short programs, for browsers that shall forget.
 *
 * @param now the clock, in seconds since the epoch; only decides when abandoned flows are forgotten
 * @example const session = createSession('https://mcp.example.com/mcp', { store: memoryStore() })
 */
export function memoryStore(now: () => number = () => Math.floor(Date.now() / 1000)): Store {
  // Copies: what is read can be changed by nobody, as with any other store.
  const records = new Map<string, StoredRecord>()
  const mutex = createMutex()

  return {
    keepsCryptoKeys: true,

    get: async (key) => structuredClone(records.get(key)),

    async set(key, record, ifGeneration) {
      if (ifGeneration !== undefined && records.get(key)?.generation !== ifGeneration) return false
      if (record.dropAfter !== undefined) {
        for (const [other, { dropAfter = Infinity }] of records) if (dropAfter < now()) records.delete(other)
      }
      records.set(key, structuredClone(record))
      return true
    },

    async delete(key, ifGeneration) {
      if (ifGeneration !== undefined && records.get(key)?.generation !== ifGeneration) return false
      return records.delete(key)
    },

    lock: (key, work, options) => mutex(key, () => work(new AbortController().signal), options?.signal),
  }
}
