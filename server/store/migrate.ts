/**
 * Brings the schema up to date, once, however many processes start at the same time.
 *
 * @module
 */
import { sql, type Transaction } from 'kysely'
import { migrations } from './migrations/all.ts'
import type { Migration } from './migrations/migration.ts'
import type { Database, DatabaseTransaction, Tables } from './schema.ts'

/** The database was migrated by a later version of Sallyport. */
export class DatabaseTooNew extends Error {
  override readonly name = 'DatabaseTooNew'
}

/**
 * Runs what is pending in one transaction: all of it or nothing. Gives the names of what ran.
 *
 * @throws {DatabaseTooNew} when the database knows a migration that `known` does not.
 */
export async function migrate(
  { engine, db }: Database,
  now: number,
  known: readonly Migration[] = migrations,
): Promise<readonly string[]> {
  // As a rule nothing is pending. To see that takes no lock, and no turn among those who write.
  if (pendingAmong(known, await appliedTo({ engine, db })).length === 0) return []
  return db.transaction().execute(async (transaction) => {
    await prepare({ engine, db: transaction })
    const pending = pendingAmong(known, await appliedTo({ engine, db: transaction }))
    await apply(transaction, pending, now)
    return pending.map(({ name }) => name)
  })
}

/** Locks the schema until the transaction ends, and makes the table that remembers. On SQLite the transaction itself is the lock. */
export async function prepare({ engine, db }: DatabaseTransaction): Promise<void> {
  if (engine === 'postgres') await sql`select pg_advisory_xact_lock(${sql.lit(MIGRATION_LOCK)})`.execute(db)
  await db.schema
    .createTable('migrations')
    .ifNotExists()
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('applied_at', 'bigint', (column) => column.notNull())
    .execute()
}

type Connected = Pick<Database, 'engine' | 'db'>

/** The names of what a database has. */
export async function appliedTo(connected: Connected): Promise<readonly string[]> {
  if (!(await hasMigrations(connected))) return []
  return (await connected.db.selectFrom('migrations').select('name').execute()).map(({ name }) => name)
}

async function hasMigrations({ engine, db }: Connected): Promise<boolean> {
  const query =
    engine === 'postgres'
      ? sql`select 1 where to_regclass('migrations') is not null`
      : sql`select 1 from sqlite_master where type = 'table' and name = 'migrations'`
  return (await query.execute(db)).rows.length > 0
}

/** @throws {DatabaseTooNew} */
export function pendingAmong(known: readonly Migration[], applied: readonly string[]): readonly Migration[] {
  const unknown = applied.filter((name) => !known.some((migration) => migration.name === name))
  if (unknown.length > 0) {
    throw new DatabaseTooNew(
      `The database was made by a newer version of Sallyport (it has ${unknown.join(', ')}). Start that version, or use another database.`,
    )
  }
  return known.filter(({ name }) => !applied.includes(name))
}

export async function apply(db: Transaction<Tables>, pending: readonly Migration[], now: number): Promise<void> {
  for (const { name, up } of pending) {
    await up(db)
    await db.insertInto('migrations').values({ name, applied_at: now }).execute()
  }
}

/** Any number that no one else would pick. */
const MIGRATION_LOCK = 7_255_971_203
