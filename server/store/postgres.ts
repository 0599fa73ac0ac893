/**
 * PostgreSQL through Kysely's own dialect and the `postgres` driver.
 *
 * @module
 */
import { Kysely, PostgresDialect } from 'kysely'
import { type PostgresPoolOptions, postgresPool } from './postgres-pool.ts'
import type { Database, Tables } from './schema.ts'

export function connectPostgres(url: string, options: PostgresPoolOptions): Database {
  const dialect = new PostgresDialect({ pool: postgresPool(url, options) })
  return { engine: 'postgres', db: new Kysely<Tables>({ dialect }) }
}
