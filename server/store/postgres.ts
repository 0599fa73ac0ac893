/**
 * PostgreSQL through Kysely's own dialect and the `postgres` driver.
 *
 * @module
 */
import { type CompiledQuery, Kysely, PostgresDialect, type QueryResult } from 'kysely'
import type { PostgresPoolOptions } from './postgres-pool.ts'
import type { Database, Guard, Tables } from './schema.ts'

export function connectPostgres(url: string, options: PostgresPoolOptions): Database {
  // The driver takes as long to load as a tenth of the whole start: those who use SQLite need not wait for it.
  const pool = async () => (await import('./postgres-pool.ts')).postgresPool(url, options)
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  return {
    engine: 'postgres',
    db,
    run: (query) => db.executeQuery(query),
    async runGuarded(guard, others) {
      // A statement is a transaction by itself.
      if (others.length === 0) return changedOne(await db.executeQuery(queryOf(guard)))
      return db.transaction().execute(async (transaction) => {
        if (!changedOne(await transaction.executeQuery(queryOf(guard)))) return false
        for (const query of others) await transaction.executeQuery(query)
        return true
      })
    },
    runInTurn: (guards, others) =>
      db.transaction().execute(async (transaction) => {
        for (const [index, guard] of guards.entries()) {
          if (!changedOne(await transaction.executeQuery(queryOf(guard)))) return index
        }
        for (const query of others) await transaction.executeQuery(query)
        return guards.length
      }),
  }
}

const changedOne = ({ numAffectedRows }: QueryResult<unknown>): boolean => numAffectedRows === 1n

function queryOf(guard: Guard): CompiledQuery {
  if (typeof guard === 'function') throw new TypeError('Nobody has this database to himself.')
  return guard
}
