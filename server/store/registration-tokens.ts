/**
 * Initial access tokens. Taking one of their uses is one guarded update: no token is used more often than it may be.
 *
 * @see RFC 7591 section 3
 * @module
 */
import type { RegistrationTokens } from '../core/ports.ts'
import type { RegistrationToken } from '../core/records.ts'
import { insertEntry } from './audit-entries.ts'
import type { Database, RegistrationTokenRow } from './schema.ts'

export function createRegistrationTokens(database: Database): RegistrationTokens {
  const { db } = database
  const note = insertEntry(database)

  return {
    async create(token, entry) {
      const insert = db
        .insertInto('registration_tokens')
        .values(toRow(token))
        .onConflict((conflict) => conflict.column('name').doNothing())
        .compile()
      return database.runGuarded(insert, note(entry))
    },

    async use(hash, now) {
      const used = await db
        .updateTable('registration_tokens')
        // Null, for as often as one likes, stays null.
        .set(({ eb }) => ({ uses_left: eb('uses_left', '-', 1) }))
        .where('hash', '=', hash)
        .where('expires_at', '>', now)
        .where(({ eb, or }) => or([eb('uses_left', 'is', null), eb('uses_left', '>', 0)]))
        .returning('name')
        .executeTakeFirst()
      return used?.name ?? null
    },

    async list() {
      const rows = await db
        .selectFrom('registration_tokens')
        .selectAll()
        .orderBy('created_at')
        .orderBy('name')
        .execute()
      return rows.map(toRegistrationToken)
    },

    async remove(name, entry) {
      const remove = db.deleteFrom('registration_tokens').where('name', '=', name).compile()
      return database.runGuarded(remove, note(entry))
    },
  }
}

const toRow = (token: RegistrationToken): RegistrationTokenRow => ({
  name: token.name,
  hash: token.hash,
  created_at: token.createdAt,
  expires_at: token.expiresAt,
  uses_left: token.usesLeft,
})

const toRegistrationToken = (row: RegistrationTokenRow): RegistrationToken => ({
  name: row.name,
  hash: row.hash,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  usesLeft: row.uses_left,
})
