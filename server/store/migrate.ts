/**
 * Brings the schema up to date, once, however many processes start at the same time.
 *
 * @module
 */
import { sql, type Transaction } from 'kysely'
import { migrations } from './migrations/all.ts'
import type { Migration } from './migrations/migration.ts'
import type { Database, Engine, Tables } from './schema.ts'

/** The database was migrated by a later version of Sallyport. */
export class DatabaseTooNew extends Error {
  override readonly name = 'DatabaseTooNew'
}

/**
 * Runs what is pending in one transaction: all of it or nothing.
 *
 * @throws {DatabaseTooNew} when the database knows a migration that `known` does not.
 */
export async function migrate(
  { engine, db }: Database,
  now: number,
  known: readonly Migration[] = migrations,
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await lock(transaction, engine)
    for (const { name, up } of await findPending(transaction, known)) {
      await up(transaction)
      await transaction.insertInto('migrations').values({ name, applied_at: now }).execute()
    }
  })
}

async function findPending(db: Transaction<Tables>, known: readonly Migration[]): Promise<readonly Migration[]> {
  await db.schema
    .createTable('migrations')
    .ifNotExists()
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('applied_at', 'bigint', (column) => column.notNull())
    .execute()
  const applied = new Set((await db.selectFrom('migrations').select('name').execute()).map(({ name }) => name))
  const unknown = [...applied].filter((name) => !known.some((migration) => migration.name === name))
  if (unknown.length > 0) {
    throw new DatabaseTooNew(
      `The database was made by a newer version of Sallyport (it has ${unknown.join(', ')}). Start that version, or use another database.`,
    )
  }
  return known.filter(({ name }) => !applied.has(name))
}

/** Until the transaction ends. On SQLite the transaction itself is the lock. */
async function lock(db: Transaction<Tables>, engine: Engine): Promise<void> {
  if (engine === 'postgres') await sql`select pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute(db)
}

/** Any number that no one else would pick. */
const MIGRATION_LOCK = 7_255_971_203
