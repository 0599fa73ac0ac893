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
import { createRedeem } from './redeem-assertion.ts'
import type { Database, GrantRow } from './schema.ts'
import { type Parameter, type Statement, statement } from './statement.ts'

export function createGrants(database: Database): Grants {
  const { db } = database
  const find = statement((value: Parameter<{ id: string }>) =>
    db.selectFrom('grants').selectAll().where('id', '=', value('id')),
  )
  const insert = insertGrant(database)
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
    create: (grant, code, entry) =>
      database.runGuarded(insert(grantToRow(grant)), [insertItsCode(codeToRow(code)), ...note(entry)]),

    redeem: createRedeem(database),

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

/**
 * Stores a grant, unless its person is disabled. Whoever disables them either committed before and is seen here, or waits and then finds the
 * grant. People of an embedding application are not in the table: nobody can disable them here.
 */
export const insertGrant = ({ db, engine }: Database): Statement<GrantRow, unknown> =>
  statement((value: Parameter<GrantRow>) =>
    db
      .insertInto('grants')
      .columns(['id', 'user_id', 'client_id', 'resource', 'scopes', 'created_at', 'expires_at', 'revoked_at'])
      .expression(() => {
        const user = db.selectFrom('users').select('users.id').where('users.id', '=', value('user_id'))
        const enabled = user.where('users.disabled_at', 'is', null)
        return db
          .selectNoFrom([
            value('id').as('id'),
            value('user_id').as('user_id'),
            value('client_id').as('client_id'),
            value('resource').as('resource'),
            value('scopes').as('scopes'),
            value('created_at').as('created_at'),
            value('expires_at').as('expires_at'),
            value('revoked_at').as('revoked_at'),
          ])
          .where(({ exists, not, or }) =>
            or([exists(engine === 'postgres' ? enabled.forShare() : enabled), not(exists(user))]),
          )
      }),
  )
