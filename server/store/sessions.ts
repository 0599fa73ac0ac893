/**
 * Browsers that people signed in with.
 *
 * @module
 */
import type { Sessions } from '../core/ports.ts'
import { insertEntry } from './audit-entries.ts'
import type { Database, SessionRow } from './schema.ts'
import { type Parameter, statement } from './statement.ts'

export function createSessions(database: Database): Sessions {
  const { db } = database
  const find = statement((value: Parameter<{ hash: string; now: number }>) =>
    db.selectFrom('sessions').selectAll().where('hash', '=', value('hash')).where('expires_at', '>', value('now')),
  )

  const insert = statement((value: Parameter<SessionRow>) =>
    db.insertInto('sessions').values({
      hash: value('hash'),
      user_id: value('user_id'),
      created_at: value('created_at'),
      expires_at: value('expires_at'),
    }),
  )
  const remove = statement((value: Parameter<{ hash: string }>) =>
    db.deleteFrom('sessions').where('hash', '=', value('hash')),
  )
  const note = insertEntry(database)

  return {
    async create({ hash, userId, createdAt, expiresAt }, entry) {
      const row = { hash, user_id: userId, created_at: createdAt, expires_at: expiresAt }
      await database.runGuarded(insert(row), note(entry))
    },

    async find(hash, now) {
      const [row] = (await database.run(find({ hash, now }))).rows
      if (row === undefined) return null
      return { hash: row.hash, userId: row.user_id, createdAt: row.created_at, expiresAt: row.expires_at }
    },

    async remove(hash, entry) {
      await database.runGuarded(remove({ hash }), note(entry))
    },
  }
}
