/**
 * PostgreSQL through Kysely's own dialect and the `postgres` driver.
 *
 * @module
 */
import { Kysely, PostgresDialect } from 'kysely'
import type { PostgresPoolOptions } from './postgres-pool.ts'
import type { Database, Tables } from './schema.ts'

export function connectPostgres(url: string, options: PostgresPoolOptions): Database {
  // The driver takes as long to load as a tenth of the whole start: those who use SQLite need not wait for it.
  const pool = async () => (await import('./postgres-pool.ts')).postgresPool(url, options)
  const dialect = new PostgresDialect({ pool })
  return { engine: 'postgres', db: new Kysely<Tables>({ dialect }) }
}
