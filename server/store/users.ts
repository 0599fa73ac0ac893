/**
 * The people who can sign in.
 *
 * @module
 */
import type { Users } from '../core/ports.ts'
import type { User } from '../core/records.ts'
import { insertEntry } from './audit-entries.ts'
import { endAccess } from './end-access.ts'
import type { Database, UserRow } from './schema.ts'
import { type Parameter, type Statement, statement } from './statement.ts'

export function createUsers(database: Database): Users {
  const { db } = database
  const find = statement((value: Parameter<{ id: string }>) =>
    db.selectFrom('users').selectAll().where('id', '=', value('id')),
  )

  const insert = insertUser(database)
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

    create: (user, entry) => database.runGuarded(insert(userToRow(user)), note(entry)),

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
        // First of all: whoever stores what is theirs is waited for, and whoever begins to waits, and then finds nobody.
        const { numDeletedRows } = await transaction.deleteFrom('users').where('id', '=', id).executeTakeFirst()
        // In the order of `identities.lose`, so that neither waits for the other for ever.
        await transaction.deleteFrom('identities').where('user_id', '=', id).execute()
        await endAccess({ db: transaction }, id, now)
        await transaction.deleteFrom('consents').where('user_id', '=', id).execute()
        if (numDeletedRows === 0n) return false
        for (const insert of note(entry)) await transaction.executeQuery(insert)
        return true
      })
    },

    async disable(id, now, entry) {
      return db.transaction().execute(async (transaction) => {
        // First of all: from here on whoever creates a session waits, and then sees it.
        const { numUpdatedRows } = await transaction
          .updateTable('users')
          .set({ disabled_at: now })
          .where('id', '=', id)
          .where('disabled_at', 'is', null)
          .executeTakeFirst()
        if (numUpdatedRows === 0n) return false
        await endAccess({ db: transaction }, id, now)
        for (const insert of note(entry)) await transaction.executeQuery(insert)
        return true
      })
    },

    enable(id, entry) {
      const update = db
        .updateTable('users')
        .set({ disabled_at: null })
        .where('id', '=', id)
        .where('disabled_at', 'is not', null)
      return database.runGuarded(update.compile(), note(entry))
    },

    async list() {
      const rows = await db.selectFrom('users').selectAll().orderBy('created_at').orderBy('id').execute()
      return rows.map(toUser)
    },
  }
}

/** Stores a user, unless the name or the id is taken. */
export const insertUser = ({ db }: Database): Statement<UserRow, unknown> =>
  statement((value: Parameter<UserRow>) =>
    db
      .insertInto('users')
      .values({
        id: value('id'),
        username: value('username'),
        username_key: value('username_key'),
        display_name: value('display_name'),
        password_hash: value('password_hash'),
        created_at: value('created_at'),
        disabled_at: value('disabled_at'),
      })
      .onConflict((conflict) => conflict.doNothing()),
  )

/** Names that look the same are the same. Done here, because the engines fold case differently. */
const usernameKey = (username: string): string => username.normalize('NFKC').toLowerCase()

export const userToRow = (user: User): UserRow => ({
  id: user.id,
  username: user.username,
  username_key: usernameKey(user.username),
  display_name: user.displayName,
  password_hash: user.passwordHash ?? NO_PASSWORD,
  created_at: user.createdAt,
  disabled_at: user.disabledAt,
})

/** SQLite cannot make a column nullable that was not. */
const NO_PASSWORD = ''

const toUser = (row: UserRow): User => ({
  id: row.id,
  username: row.username,
  displayName: row.display_name,
  passwordHash: row.password_hash === NO_PASSWORD ? null : row.password_hash,
  createdAt: row.created_at,
  disabledAt: row.disabled_at,
})
