/**
 * A pool of PostgreSQL connections, in the shape of the `Pool` of `pg` that Kysely asks for.
 *
 * @see docs/adr/0021-a-postgres-pool-of-our-own.md
 * @module
 */
import type { PostgresPool } from 'kysely'
import { StoreUnavailable } from '../core/ports.ts'
import { connectToPostgres, type PostgresConnection, type PostgresTimeouts } from './postgres-connection.ts'
import { within } from './within.ts'

export interface PostgresPoolOptions extends PostgresTimeouts {
  /** The most connections at once. */
  readonly size: number
}

export function postgresPool(url: string, { size, ...timeouts }: PostgresPoolOptions): PostgresPool {
  const slots: Slot[] = Array.from({ length: size }, () => ({ connection: null }))
  const { take, give } = turns(slots, timeouts.connectTimeout)
  let ended = false

  return {
    options: {},

    async connect() {
      if (ended) throw new StoreUnavailable('The connections to PostgreSQL were closed.')
      const slot = await take()
      try {
        if (slot.connection === null || slot.connection.broken()) {
          slot.connection = await connectToPostgres(url, timeouts)
        }
        const { query, close } = slot.connection
        const release = (destroy?: boolean) => {
          if (destroy) void close()
          give(slot)
        }
        return { query, release }
      } catch (error) {
        give(slot)
        throw error
      }
    },

    /** Waits for running statements. */
    async end() {
      ended = true
      await Promise.all(slots.map(async () => (await take()).connection?.close()))
    },
  }
}

/** A place in the pool. Its connection is opened when first needed, and again after it was lost. */
interface Slot {
  connection: PostgresConnection | null
}

/** Hands out things one at a time each, first come, first served; the one that was used last is handed out first. */
function turns<Thing>(things: readonly Thing[], timeout: number) {
  const free = things.toReversed()
  const waiting = new Set<(thing: Thing) => void>()

  return {
    async take(): Promise<Thing> {
      const thing = free.pop()
      if (thing !== undefined) return thing
      const { promise, resolve } = Promise.withResolvers<Thing>()
      waiting.add(resolve)
      try {
        return await within(timeout, promise, 'All connections to PostgreSQL are in use.')
      } finally {
        waiting.delete(resolve)
      }
    },

    give(thing: Thing): void {
      const [next] = waiting
      if (next === undefined) {
        free.push(thing)
        return
      }
      waiting.delete(next)
      next(thing)
    },
  }
}
