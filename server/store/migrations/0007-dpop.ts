/**
 * Who must prove a key, which key codes and refresh tokens are bound to, and which proofs were used.
 *
 * @see RFC 9449 section 5, section 10 and section 11.1
 * @see docs/adr/0136-used-proofs-lie-side-by-side.md
 * @module
 */
import type { Migration } from './migration.ts'

export const dpop: Migration = {
  name: '0007-dpop',

  async up({ schema }) {
    for (const table of ['clients', 'resources']) {
      await schema
        .alterTable(table)
        .addColumn('dpop', 'text', (column) => column.notNull().defaultTo('optional'))
        .execute()
    }
    for (const table of ['codes', 'refresh_tokens']) {
      await schema.alterTable(table).addColumn('dpop_jkt', 'text').execute()
    }
    await schema
      .createTable('proofs')
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('key_hash', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('proofs_key', ['expires_at', 'key_hash'])
      .execute()
  },
}
