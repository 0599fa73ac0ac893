/**
 * The brake on password guessing, shared by every process of an installation.
 *
 * @module
 */
import type { Migration } from './migration.ts'

export const signInAttempts: Migration = {
  name: '0003-sign-in-attempts',

  async up({ schema }) {
    await schema
      .createTable('sign_in_attempts')
      .addColumn('key_hash', 'text', (column) => column.primaryKey())
      .addColumn('count', 'bigint', (column) => column.notNull())
      .addColumn('ends_at', 'bigint', (column) => column.notNull())
      .execute()
    await schema.createIndex('sign_in_attempts_end').on('sign_in_attempts').column('ends_at').execute()
  },
}
