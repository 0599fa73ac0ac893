/**
 * Used proofs lie in periods, and one is found whatever it says of its time. What is remembered stays so.
 *
 * @see docs/adr/0137-a-used-proof-is-known-by-its-jti.md
 * @module
 */
import { PostgresAdapter, sql } from 'kysely'
import type { Migration } from './migration.ts'

export const proofs: Migration = {
  name: '0009-proofs',

  async up(db) {
    const isPostgres = db.getExecutor().adapter instanceof PostgresAdapter
    await db.schema.alterTable('proofs').renameTo('proofs_by_end').execute()
    await db.schema
      .createTable('proofs')
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('key_hash', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('proofs_by_period', ['expires_at', 'key_hash'])
      // SQLite: the rows are in the index, and nowhere else.
      .$call((table) => (isPostgres ? table : table.modifyEnd(sql`without rowid`)))
      .execute()
    // Ends were 6 to 301 seconds after the time that the proof says; the end of a period comes 360 or more after it.
    await sql`
      insert into proofs (expires_at, key_hash)
      select distinct (expires_at + 354 + 719) / 720 * 720, key_hash from proofs_by_end`.execute(db)
    await db.schema.dropTable('proofs_by_end').execute()
  },
}
