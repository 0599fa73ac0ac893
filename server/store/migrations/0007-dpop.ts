/**
 * Who must prove a key, and which key codes and refresh tokens are bound to.
 *
 * @see RFC 9449 section 5 and section 10
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
  },
}
