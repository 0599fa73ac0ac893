/**
 * Sessions are found by their user: a new password and the end of an account end them all.
 *
 * @module
 */
import type { Migration } from './migration.ts'

export const sessionsByUser: Migration = {
  name: '0004-sessions-by-user',

  async up({ schema }) {
    await schema.createIndex('sessions_user').on('sessions').column('user_id').execute()
  },
}
