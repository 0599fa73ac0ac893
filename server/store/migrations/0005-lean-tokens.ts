/**
 * Codes and refresh tokens say of their grant only which it is, and a rotation writes two rows with one index. A refresh token is forgotten
 * when it has expired, so nothing has to find those of a grant.
 *
 * @see docs/adr/0077-tokens-say-where-they-are-kept.md
 * @module
 */
import { sql } from 'kysely'
import type { Migration } from './migration.ts'

export const leanTokens: Migration = {
  name: '0005-lean-tokens',

  async up(db) {
    const { schema } = db
    for (const column of ['client_id', 'resource', 'scopes']) {
      await schema.alterTable('codes').dropColumn(column).execute()
    }

    // SQLite cannot drop a foreign key.
    await schema
      .createTable('lean_refresh_tokens')
      .addColumn('hash', 'text', (column) => column.primaryKey())
      .addColumn('grant_id', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('consumed_at', 'bigint')
      .addColumn('successor_hash', 'text')
      .addColumn('sealed_value', 'text')
      .execute()
    // In the order in which they expire, as those to come will be stored.
    await sql`
      insert into lean_refresh_tokens (hash, grant_id, created_at, expires_at, consumed_at, successor_hash)
      select hash, grant_id, created_at, expires_at, consumed_at, successor_hash from refresh_tokens order by expires_at`.execute(
      db,
    )
    await schema.dropTable('refresh_tokens').execute()
    await schema.alterTable('lean_refresh_tokens').renameTo('refresh_tokens').execute()
    await schema.createIndex('refresh_tokens_expiry').on('refresh_tokens').column('expires_at').execute()
  },
}
