/**
 * Who people are at identity providers.
 *
 * @see OpenID Connect Core 1.0 section 5.7: issuer and subject together are the only stable name of a person
 * @module
 */
import { type QueryResult, sql } from 'kysely'
import type { Identities } from '../core/identities.ts'
import type { Identity } from '../core/records.ts'
import { insertEntry } from './audit-entries.ts'
import { endAccess } from './end-access.ts'
import { person } from './present.ts'
import type { Database, IdentityRow } from './schema.ts'
import { type Parameter, statement } from './statement.ts'
import { insertUser, userToRow } from './users.ts'

export function createIdentities(database: Database): Identities {
  const { db } = database
  const find = statement((value: Parameter<Name>) =>
    db
      .selectFrom('identities')
      .selectAll()
      .where('issuer', '=', value('issuer'))
      .where('subject', '=', value('subject')),
  )
  const insert = (identity: Identity) => {
    const row = toRow(identity)
    const values = db.selectNoFrom(COLUMNS.map((name) => sql.val(row[name]).as(name)))
    return db
      .insertInto('identities')
      .columns(COLUMNS)
      .expression(values.where(({ exists }) => exists(person(database, sql.val(row.user_id)))))
      .onConflict((conflict) => conflict.doNothing())
      .compile()
  }
  const addUser = insertUser(database)
  const note = insertEntry(database)

  return {
    async find(issuer, subject) {
      const [row] = (await database.run(find({ issuer, subject }))).rows
      return row === undefined ? null : toIdentity(row)
    },

    link: (identity, entry) => database.runGuarded(insert(identity), note(entry)),

    async admit(user, identity, entries = []) {
      return db.transaction().execute(async (transaction) => {
        const added = await transaction.executeQuery(addUser(userToRow(user)))
        if (!changedOne(added)) return 'username_taken'
        if (!changedOne(await transaction.executeQuery(insert(identity)))) {
          await transaction.deleteFrom('users').where('id', '=', user.id).execute()
          return 'linked'
        }
        for (const query of entries.flatMap(note)) await transaction.executeQuery(query)
        return 'admitted'
      })
    },

    async list(userId) {
      const rows = await db
        .selectFrom('identities')
        .selectAll()
        .where('user_id', '=', userId)
        .orderBy('linked_at')
        .orderBy('issuer')
        .orderBy('subject')
        .execute()
      return rows.map(toIdentity)
    },

    unlink(issuer, subject, entry) {
      const removal = db.deleteFrom('identities').where('issuer', '=', issuer).where('subject', '=', subject)
      return database.runGuarded(removal.compile(), note(entry))
    },

    async seen({ issuer, subject, lastSeenAt, sealedRefreshToken, checkAt }) {
      const { numUpdatedRows } = await db
        .updateTable('identities')
        .set(({ case: choose, fn, ref, val }) => ({
          last_seen_at: lastSeenAt,
          sealed_refresh_token: fn.coalesce(val(sealedRefreshToken), ref('sealed_refresh_token')),
          check_at:
            sealedRefreshToken === null
              ? choose().when('sealed_refresh_token', 'is', null).then(checkAt).else(ref('check_at')).end()
              : checkAt,
        }))
        .where('issuer', '=', issuer)
        .where('subject', '=', subject)
        .executeTakeFirst()
      return numUpdatedRows === 1n
    },

    async answered(asked, { lastSeenAt, sealedRefreshToken, checkAt }) {
      const { numUpdatedRows } = await db
        .updateTable('identities')
        .set(({ case: choose, ref }) => ({
          last_seen_at: choose().when('last_seen_at', '<', lastSeenAt).then(lastSeenAt).else(ref('last_seen_at')).end(),
          sealed_refresh_token: sealedRefreshToken,
          check_at: checkAt,
        }))
        .where('issuer', '=', asked.issuer)
        .where('subject', '=', asked.subject)
        .where('sealed_refresh_token', 'is not distinct from', asked.sealedRefreshToken)
        .where('check_at', '=', asked.checkAt)
        .executeTakeFirst()
      return numUpdatedRows === 1n
    },

    async listSealed({ issuer, subject }, limit) {
      const rows = await db
        .selectFrom('identities')
        .selectAll()
        .where(({ eb, refTuple, tuple }) => eb(refTuple('issuer', 'subject'), '>', tuple(issuer, subject)))
        .where('sealed_refresh_token', 'is not', null)
        .orderBy('issuer')
        .orderBy('subject')
        .limit(limit)
        .execute()
      return rows.map(toIdentity)
    },

    async reseal({ issuer, subject }, before, after) {
      const { numUpdatedRows } = await db
        .updateTable('identities')
        .set({ sealed_refresh_token: after })
        .where('issuer', '=', issuer)
        .where('subject', '=', subject)
        .where('sealed_refresh_token', '=', before)
        .executeTakeFirst()
      return numUpdatedRows === 1n
    },

    async takeDue(now, next, limit) {
      const due = await db
        .selectFrom('identities')
        .select(['issuer', 'subject'])
        .where('check_at', '<=', now)
        .orderBy('check_at')
        .limit(limit)
        .execute()
      const taken: Identity[] = []
      // One by one: whoever is first moves the time on, and the others no longer find the row due.
      for (const { issuer, subject } of due) {
        const row = await db
          .updateTable('identities')
          .set({ check_at: next })
          .where('issuer', '=', issuer)
          .where('subject', '=', subject)
          .where('check_at', '<=', now)
          .returningAll()
          .executeTakeFirst()
        if (row !== undefined) taken.push(toIdentity(row))
      }
      return taken
    },

    async lose({ issuer, subject, userId, lastSeenAt, sealedRefreshToken }, now, entry) {
      return db.transaction().execute(async (transaction) => {
        const { numUpdatedRows } = await transaction
          .updateTable('identities')
          .set({ sealed_refresh_token: null, check_at: null })
          .where('issuer', '=', issuer)
          .where('subject', '=', subject)
          .where('user_id', '=', userId)
          .where('last_seen_at', '=', lastSeenAt)
          .where('sealed_refresh_token', 'is not distinct from', sealedRefreshToken)
          .executeTakeFirst()
        if (numUpdatedRows === 0n) return false
        await endAccess({ db: transaction }, userId, now)
        for (const insert of note(entry)) await transaction.executeQuery(insert)
        return true
      })
    },
  }
}

const changedOne = ({ numAffectedRows }: QueryResult<unknown>): boolean => numAffectedRows === 1n

type Name = Pick<IdentityRow, 'issuer' | 'subject'>

const COLUMNS = [
  'issuer',
  'subject',
  'user_id',
  'linked_at',
  'last_seen_at',
  'sealed_refresh_token',
  'check_at',
] as const satisfies (keyof IdentityRow)[]

const toRow = (identity: Identity): IdentityRow => ({
  issuer: identity.issuer,
  subject: identity.subject,
  user_id: identity.userId,
  linked_at: identity.linkedAt,
  last_seen_at: identity.lastSeenAt,
  sealed_refresh_token: identity.sealedRefreshToken,
  check_at: identity.checkAt,
})

const toIdentity = (row: IdentityRow): Identity => ({
  issuer: row.issuer,
  subject: row.subject,
  userId: row.user_id,
  linkedAt: row.linked_at,
  lastSeenAt: row.last_seen_at,
  sealedRefreshToken: row.sealed_refresh_token,
  checkAt: row.check_at,
})
