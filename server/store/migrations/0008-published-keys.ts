/**
 * The last good keys of clients that publish them, so that what one process began another can end while the client's site is down.
 *
 * @see docs/adr/0125-published-keys-are-stored.md
 * @module
 */
import type { Migration } from './migration.ts'

export const publishedKeys: Migration = {
  name: '0008-published-keys',

  async up({ schema }) {
    await schema
      .createTable('published_keys')
      .addColumn('jwks_uri', 'text', (column) => column.primaryKey())
      .addColumn('jwks', 'text', (column) => column.notNull())
      .addColumn('fetched_at', 'bigint', (column) => column.notNull())
      .addColumn('kept_until', 'bigint', (column) => column.notNull())
      .execute()
    await schema.createIndex('published_keys_by_end').on('published_keys').column('kept_until').execute()
  },
}
