/**
 * SQLite through `node:sqlite`, which Bun, Deno and Node all bring along.
 *
 * @see https://www.sqlite.org/pragma.html
 * @see docs/adr/0020-one-store-two-engines.md
 * @module
 */
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { type CompiledQuery, type DatabaseConnection, Kysely, type SqliteDatabase, SqliteDialect } from 'kysely'
import { StoreUnavailable } from '../core/ports.ts'
import type { Database, Tables } from './schema.ts'

export interface SqliteOptions {
  /** How long a statement waits while another process writes, in seconds. */
  readonly timeout: number
}

/** Opens (and creates) the file; `:memory:` is a database of its own each time. */
export function connectSqlite(path: string, options: SqliteOptions): Database {
  const dialect = new SqliteDialect({
    database: open(path, options),
    onCreateConnection: async (connection) => waitForOthers(connection, options),
  })
  return { engine: 'sqlite', db: new Kysely<Tables>({ dialect }) }
}

/** The part of a database that Kysely needs. */
function open(path: string, options: SqliteOptions): SqliteDatabase {
  const database = openFile(path, options)
  return {
    close: () => database.close(),
    prepare(sql) {
      // Every transaction here writes. One that began by reading could find the database changed when it comes to write.
      const statement = database.prepare(sql === 'begin' ? 'begin immediate' : sql)
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...parameters.map(toSqlValue)),
        run: (parameters) => statement.run(...parameters.map(toSqlValue)),
        iterate: (parameters) => statement.iterate(...parameters.map(toSqlValue)),
      }
    },
  }
}

function openFile(path: string, { timeout }: SqliteOptions): DatabaseSync {
  try {
    if (path !== ':memory:') createPrivately(path)
    const database = new DatabaseSync(path, { timeout: timeout * 1000, enableForeignKeyConstraints: true })
    // WAL: readers never wait. FULL: what was answered survives a power failure; a lost rotation would look like token reuse.
    database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 0')
    return database
  } catch (cause) {
    throw new StoreUnavailable(`The SQLite database ${path} cannot be opened.`, { cause })
  }
}

/** How long to wait before asking again, in milliseconds. */
const PATIENCE = 5

/**
 * Repeats a statement that found the database locked. SQLite would wait by itself, but with the whole process standing still; and a
 * lock that is held by this very process could never be released.
 */
function waitForOthers(connection: DatabaseConnection, { timeout }: SqliteOptions): void {
  const execute = connection.executeQuery.bind(connection)
  connection.executeQuery = async <Row>(query: CompiledQuery) => {
    const deadline = performance.now() + timeout * 1000
    for (;;) {
      try {
        return await execute<Row>(query)
      } catch (error) {
        if (!isBusy(error) || performance.now() >= deadline) throw error
        await new Promise((resolve) => setTimeout(resolve, PATIENCE))
      }
    }
  }
}

/** SQLITE_BUSY: nothing was done. */
const isBusy = (error: unknown): boolean => error instanceof Error && 'errcode' in error && error.errcode === 5

/** For its owner only; SQLite gives its side files the mode of the main one. */
function createPrivately(path: string): void {
  if (existsSync(path)) return
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  closeSync(openSync(path, 'a', 0o600))
}

function toSqlValue(value: unknown): SQLInputValue {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value
  throw new TypeError('Only text, numbers and null are stored.')
}
