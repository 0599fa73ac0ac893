/**
 * When a signing key begins to sign; leases; and an index of codes that were never redeemed, so that forgetting them does not read
 * all the others.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Migration } from './migration.ts'

export const keysAndLeases: Migration = {
  name: '0002-keys-and-leases',

  async up(db) {
    await db.schema
      .alterTable('signing_keys')
      .addColumn('signs_from', 'bigint', (column) => column.notNull().defaultTo(0))
      .execute()
    // Until now a key signed from its making on.
    await sql`update signing_keys set signs_from = created_at`.execute(db)

    await db.schema
      .createTable('leases')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('holder', 'text', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .execute()

    await sql`create index codes_unredeemed on codes (expires_at) where consumed_at is null`.execute(db)
    await db.schema.dropIndex('codes_expiry').execute()
  },
}
