/**
 * Browsers that people signed in with.
 *
 * @module
 */
import type { Sessions } from '../core/ports.ts'
import type { Database } from './schema.ts'

export const createSessions = ({ db }: Database): Sessions => ({
  async create({ hash, userId, createdAt, expiresAt }) {
    await db
      .insertInto('sessions')
      .values({ hash, user_id: userId, created_at: createdAt, expires_at: expiresAt })
      .execute()
  },

  async find(hash, now) {
    const row = await db
      .selectFrom('sessions')
      .selectAll()
      .where('hash', '=', hash)
      .where('expires_at', '>', now)
      .executeTakeFirst()
    if (row === undefined) return null
    return { hash: row.hash, userId: row.user_id, createdAt: row.created_at, expiresAt: row.expires_at }
  },

  async remove(hash) {
    await db.deleteFrom('sessions').where('hash', '=', hash).execute()
  },
})
