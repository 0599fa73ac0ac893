/**
 * Migrating as a task of its own: `sallyport migrate`. (Opening a store does it, too.)
 *
 * @module
 */
import { existsSync } from 'node:fs'
import { type ConnectOptions, connect, sqlitePath } from './connect.ts'
import { appliedTo, migrate, pendingAmong } from './migrate.ts'
import { migrationScript } from './migration-plan.ts'
import { migrations } from './migrations/all.ts'
import type { Database } from './schema.ts'
import { toUnavailable } from './unavailable.ts'

/** Schema changes may rewrite tables. In seconds. */
export const MIGRATION_TIMEOUT = 3600

/** Told what the operator should know, such as that others could read the file. */
type Warn = (message: string) => void

const OPTIONS = { connections: 1, timeout: 5, statementTimeout: MIGRATION_TIMEOUT }

/**
 * Brings a database up to date. Gives the names of the migrations that ran.
 *
 * @throws {StoreUnavailable}
 * @throws {DatabaseTooNew}
 */
export const migrateDatabase = (
  database: string,
  now: number,
  onWarning: Warn = () => {},
): Promise<readonly string[]> => using(database, { onWarning }, (connected) => migrate(connected, now))

/**
 * The SQL that `migrateDatabase` would run; null when there is nothing to do. Changes nothing, file modes included, and creates no file.
 *
 * @throws {StoreUnavailable}
 * @throws {DatabaseTooNew}
 */
export async function planMigrations(database: string, now: number): Promise<string | null> {
  const path = sqlitePath(database)
  if (path !== null && !existsSync(path)) return migrationScript('sqlite', migrations, now)
  return using(database, { readOnly: true }, async (connected) => {
    const pending = pendingAmong(migrations, await appliedTo(connected))
    return pending.length === 0 ? null : migrationScript(connected.engine, pending, now)
  })
}

async function using<Value>(
  database: string,
  options: Pick<ConnectOptions, 'onWarning' | 'readOnly'>,
  act: (connected: Database) => Promise<Value>,
): Promise<Value> {
  const connected = connect(database, { ...OPTIONS, ...options })
  try {
    return await act(connected)
  } catch (error) {
    throw toUnavailable(error)
  } finally {
    await connected.db.destroy()
  }
}
