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
import { enabledPerson, sessionOf } from './present.ts'
import { createRedeem } from './redeem-assertion.ts'
import type { Database, GrantRow } from './schema.ts'
import { type Parameter, type Statement, statement } from './statement.ts'

export function createGrants(database: Database): Grants {
  const { db } = database
  const find = statement((value: Parameter<{ id: string }>) =>
    db.selectFrom('grants').selectAll().where('id', '=', value('id')),
  )
  const insert = { person: insertGrant(database, 'person'), session: insertGrant(database, 'session') }
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
    create(grant, code, session = null, entry = undefined) {
      const row = { ...grantToRow(grant), session: session ?? '' }
      const guard = insert[session === null ? 'person' : 'session'](row)
      return database.runGuarded(guard, [insertItsCode(codeToRow(code)), ...note(entry)])
    },

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

/** A grant, and the hash of the session that it rests on; empty: none. */
export type NewGrant = GrantRow & { readonly session: string }

/**
 * Stores a grant, if what it rests on is there: a session of its person, or the person, enabled. Whoever ends that either committed before and is seen here, or
 * waits and then finds the grant.
 *
 * @see docs/adr/0086-what-rests-on-a-person.md
 */
export const insertGrant = (database: Database, restsOn: 'person' | 'session'): Statement<NewGrant, unknown> =>
  statement((value: Parameter<NewGrant>) =>
    database.db
      .insertInto('grants')
      .columns(COLUMNS)
      .expression(
        database.db
          .selectNoFrom(COLUMNS.map((name) => value(name).as(name)))
          .where(({ exists }) =>
            exists(
              restsOn === 'person'
                ? enabledPerson(database, value('user_id'))
                : sessionOf(database, value('user_id'), value('session')),
            ),
          ),
      ),
  )

const COLUMNS = [
  'id',
  'user_id',
  'client_id',
  'resource',
  'scopes',
  'created_at',
  'expires_at',
  'revoked_at',
] as const satisfies (keyof GrantRow)[]
