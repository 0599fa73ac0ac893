/**
 * Local accounts.
 *
 * @module
 */
import type { Users } from '../core/ports.ts'
import type { User } from '../core/records.ts'
import { insertEntry } from './audit-entries.ts'
import type { Database, UserRow } from './schema.ts'
import { type Parameter, statement } from './statement.ts'

export function createUsers(database: Database): Users {
  const { db } = database
  const find = statement((value: Parameter<{ id: string }>) =>
    db.selectFrom('users').selectAll().where('id', '=', value('id')),
  )

  const note = insertEntry(database)

  return {
    async find(id) {
      const [row] = (await database.run(find({ id }))).rows
      return row === undefined ? null : toUser(row)
    },

    async findByUsername(username) {
      const row = await db
        .selectFrom('users')
        .selectAll()
        .where('username_key', '=', usernameKey(username))
        .executeTakeFirst()
      return row === undefined ? null : toUser(row)
    },

    async create(user, entry) {
      const insert = db
        .insertInto('users')
        .values({
          id: user.id,
          username: user.username,
          username_key: usernameKey(user.username),
          display_name: user.displayName,
          password_hash: user.passwordHash,
          created_at: user.createdAt,
        })
        .onConflict((conflict) => conflict.doNothing())
        .compile()
      return database.runGuarded(insert, note(entry))
    },

    async setPassword(id, passwordHash, entry) {
      return db.transaction().execute(async (transaction) => {
        const { numUpdatedRows } = await transaction
          .updateTable('users')
          .set({ password_hash: passwordHash })
          .where('id', '=', id)
          .executeTakeFirst()
        await transaction.deleteFrom('sessions').where('user_id', '=', id).execute()
        if (numUpdatedRows === 0n) return false
        for (const insert of note(entry)) await transaction.executeQuery(insert)
        return true
      })
    },

    async remove(id, now, entry) {
      return db.transaction().execute(async (transaction) => {
        await transaction
          .updateTable('grants')
          .set({ revoked_at: now })
          .where('user_id', '=', id)
          .where('revoked_at', 'is', null)
          .execute()
        await transaction.deleteFrom('sessions').where('user_id', '=', id).execute()
        await transaction.deleteFrom('consents').where('user_id', '=', id).execute()
        const { numDeletedRows } = await transaction.deleteFrom('users').where('id', '=', id).executeTakeFirst()
        if (numDeletedRows === 0n) return false
        for (const insert of note(entry)) await transaction.executeQuery(insert)
        return true
      })
    },

    async list() {
      const rows = await db.selectFrom('users').selectAll().orderBy('created_at').orderBy('id').execute()
      return rows.map(toUser)
    },
  }
}

/** Names that look the same are the same. Done here, because the engines fold case differently. */
const usernameKey = (username: string): string => username.normalize('NFKC').toLowerCase()

const toUser = (row: UserRow): User => ({
  id: row.id,
  username: row.username,
  displayName: row.display_name,
  passwordHash: row.password_hash,
  createdAt: row.created_at,
})
