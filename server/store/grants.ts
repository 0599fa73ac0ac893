/**
 * Grants: the families of everything that was issued from one authorization.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Grants } from '../core/ports.ts'
import { insertEntry } from './audit-entries.ts'
import { codeToRow, insertCode } from './codes.ts'
import { grantToRow, toGrant } from './grant-row.ts'
import type { Database, GrantRow } from './schema.ts'
import { type Parameter, statement } from './statement.ts'

export function createGrants(database: Database): Grants {
  const { db } = database
  const find = statement((value: Parameter<{ id: string }>) =>
    db.selectFrom('grants').selectAll().where('id', '=', value('id')),
  )
  const insert = statement((value: Parameter<GrantRow>) =>
    db.insertInto('grants').values({
      id: value('id'),
      user_id: value('user_id'),
      client_id: value('client_id'),
      resource: value('resource'),
      scopes: value('scopes'),
      created_at: value('created_at'),
      expires_at: value('expires_at'),
      revoked_at: value('revoked_at'),
    }),
  )
  const insertItsCode = insertCode(database)
  const note = insertEntry(database)
  const revoke = statement((value: Parameter<{ id: string; now: number }>) =>
    db
      .updateTable('grants')
      .set({ revoked_at: value('now') })
      .where('id', '=', value('id'))
      .where('revoked_at', 'is', null),
  )
  const findLive = statement(
    (value: Parameter<Pick<GrantRow, 'user_id' | 'client_id' | 'resource'> & { now: number }>) =>
      db
        .selectFrom('grants')
        .select('id')
        .where('user_id', '=', value('user_id'))
        .where('client_id', '=', value('client_id'))
        .where('resource', '=', value('resource'))
        .where('revoked_at', 'is', null)
        .where('expires_at', '>', value('now'))
        // Not a parameter: SQLite would prepare the statement anew each time.
        .limit(sql.lit(1)),
  )

  return {
    async create(grant, code, entry) {
      await database.runGuarded(insert(grantToRow(grant)), [insertItsCode(codeToRow(code)), ...note(entry)])
    },

    async find(id) {
      const [row] = (await database.run(find({ id }))).rows
      return row === undefined ? null : toGrant(row)
    },

    async listLive(userId, now, part) {
      const all = db
        .selectFrom('grants')
        .selectAll()
        .where('user_id', '=', userId)
        .where('revoked_at', 'is', null)
        .where('expires_at', '>', now)
        .orderBy('created_at', 'desc')
        .orderBy('id')
      const wanted = part === undefined ? all : all.limit(part.limit).offset(part.after)
      return (await wanted.execute()).map(toGrant)
    },

    async hasLive(userId, clientId, resource, now) {
      const live = findLive({ user_id: userId, client_id: clientId, resource, now })
      return (await database.run(live)).rows.length > 0
    },

    revoke: (id, now, entry) => database.runGuarded(revoke({ id, now }), note(entry)),
  }
}
