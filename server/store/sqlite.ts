/**
 * SQLite through `node:sqlite`, which Bun, Deno and Node all bring along.
 *
 * @see docs/adr/0020-one-store-two-engines.md
 * @module
 */
import { type Dialect, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import type { Database, Tables } from './schema.ts'
import { type SqliteOptions, sqliteDriver } from './sqlite-driver.ts'

/** Opens (and creates) the file; `:memory:` is a database of its own each time. */
export function connectSqlite(path: string, options: SqliteOptions): Database {
  const { driver, ...runs } = sqliteDriver(path, options)
  const dialect: Dialect = {
    createDriver: () => driver,
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createAdapter: () => new ManyConnections(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  }
  return { engine: 'sqlite', db: new Kysely<Tables>({ dialect }), ...runs }
}

/** Kysely would let one caller at a time through; the driver knows better. */
class ManyConnections extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true
  }
}
