/**
 * Connects to the database that a setting names.
 *
 * @module
 */
import { connectPostgres } from './postgres.ts'
import type { Database } from './schema.ts'
import { connectSqlite } from './sqlite.ts'
import type { Synchronous } from './sqlite-file.ts'

export interface ConnectOptions {
  /** PostgreSQL: the most connections at once. */
  readonly connections: number
  /** How long to wait for a connection or a lock, in seconds. */
  readonly timeout: number
  /** PostgreSQL: how long a statement may take, in seconds. Default: `timeout`. */
  readonly statementTimeout?: number
  /** SQLite: whether a commit waits for the disk. Default: full. */
  readonly synchronous?: Synchronous
  /** SQLite: whether to look only, at a file that is there. Default: false. */
  readonly readOnly?: boolean
  /** SQLite: told what the operator should know, such as that others could read the file. Default: nobody is. */
  readonly onWarning?: (message: string) => void
}

/**
 * @throws {StoreUnavailable} when a SQLite file cannot be opened. PostgreSQL is connected to when first needed.
 * @throws {TypeError} when `database` is neither of the two, or names a SQLite database by a URI.
 */
export function connect(database: string, options: ConnectOptions): Database {
  const { connections: size, synchronous = 'full', readOnly = false, onWarning = () => {}, timeout } = options
  const { statementTimeout = timeout } = options
  const path = sqlitePath(database)
  if (path !== null) return connectSqlite(path, { timeout, synchronous, readOnly, onWarning })
  if (/^postgres(ql)?:\/\//.test(database)) {
    return connectPostgres(database, { size, connectTimeout: timeout, statementTimeout })
  }
  throw new TypeError('The database must be sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME.')
}

/**
 * Null: it is not SQLite.
 *
 * @throws {TypeError} for a URI. SQLite would read it, and name another file than the one that is made private, or none at all.
 */
export function sqlitePath(database: string): string | null {
  const path = /^sqlite:(.+)$/.exec(database)?.[1] ?? null
  if (path?.startsWith('file:')) {
    throw new TypeError('The database must be named by its path, sqlite:PATH, and not by a file: URI.')
  }
  return path
}
