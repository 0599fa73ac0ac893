/**
 * Browsers that people signed in with.
 *
 * @module
 */
import type { Sessions } from '../core/ports.ts'
import type { Database } from './schema.ts'
import { type Parameter, statement } from './statement.ts'

export function createSessions(database: Database): Sessions {
  const { db } = database
  const find = statement((value: Parameter<{ hash: string; now: number }>) =>
    db.selectFrom('sessions').selectAll().where('hash', '=', value('hash')).where('expires_at', '>', value('now')),
  )

  return {
    async create({ hash, userId, createdAt, expiresAt }) {
      await db
        .insertInto('sessions')
        .values({ hash, user_id: userId, created_at: createdAt, expires_at: expiresAt })
        .execute()
    },

    async find(hash, now) {
      const [row] = (await database.run(find({ hash, now }))).rows
      if (row === undefined) return null
      return { hash: row.hash, userId: row.user_id, createdAt: row.created_at, expiresAt: row.expires_at }
    },

    async remove(hash) {
      await db.deleteFrom('sessions').where('hash', '=', hash).execute()
    },
  }
}
