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
  // Text, not objects: what is read can be changed by nobody, as with any other store.
  const records = new Map<string, string>()
  const mutex = createMutex()
  const read = (key: string): StoredRecord | undefined => {
    const text = records.get(key)
    return text === undefined ? undefined : JSON.parse(text)
  }

  return {
    get: async (key) => read(key),

    async set(key, record) {
      if (record.dropAfter !== undefined) {
        for (const other of records.keys()) if ((read(other)?.dropAfter ?? Infinity) < now()) records.delete(other)
      }
      records.set(key, JSON.stringify(record))
    },

    async delete(key, ifGeneration) {
      if (ifGeneration !== undefined && read(key)?.generation !== ifGeneration) return false
      return records.delete(key)
    },

    lock: (key, work, options) => mutex(key, () => work(new AbortController().signal), options?.signal),
  }
}
