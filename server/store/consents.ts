/**
 * What people agreed to, per client and resource.
 *
 * @module
 */
import { sql } from 'kysely'
import type { Consents } from '../core/ports.ts'
import type { Consent } from '../core/records.ts'
import { insertEntry } from './audit-entries.ts'
import { fromJson, toJson } from './json.ts'
import { person } from './present.ts'
import type { ConsentRow, Database } from './schema.ts'
import { type Parameter, statement } from './statement.ts'

export function createConsents(database: Database): Consents {
  const { db } = database
  const find = statement((value: Parameter<Pick<ConsentRow, 'user_id' | 'client_id' | 'resource'>>) =>
    db
      .selectFrom('consents')
      .selectAll()
      .where('user_id', '=', value('user_id'))
      .where('client_id', '=', value('client_id'))
      .where('resource', '=', value('resource')),
  )

  const note = insertEntry(database)

  return {
    async find(userId, clientId, resource) {
      const [row] = (await database.run(find({ user_id: userId, client_id: clientId, resource }))).rows
      return row === undefined ? null : toConsent(row)
    },

    async remember({ userId, clientId, resource, scopes, grantedAt, clientDigest }, entry) {
      const row = {
        user_id: userId,
        client_id: clientId,
        resource,
        scopes: toJson(scopes),
        granted_at: grantedAt,
        client_digest: clientDigest,
      }
      return db.transaction().execute(async (transaction) => {
        // The upsert locks the row and tells what it holds; nobody can come between it and the update.
        const before = await transaction
          .insertInto('consents')
          .columns(COLUMNS)
          .expression(
            db
              .selectNoFrom(COLUMNS.map((name) => sql.val(row[name]).as(name)))
              .where(({ exists }) => exists(person(database, sql.val(userId)))),
          )
          .onConflict((conflict) =>
            conflict.columns(['user_id', 'client_id', 'resource']).doUpdateSet({ granted_at: grantedAt }),
          )
          .returning(['scopes', 'client_digest'])
          .executeTakeFirst()
        // Nobody of that name is here any more.
        if (before === undefined) return false
        // What was agreed to for what the client was before is not for what it is now.
        const same = before.client_digest === null || before.client_digest === clientDigest
        const union = new Set([...(same ? fromJson<readonly string[]>(before.scopes) : []), ...scopes])
        await transaction
          .updateTable('consents')
          .set({ scopes: toJson([...union]), client_digest: clientDigest })
          .where('user_id', '=', userId)
          .where('client_id', '=', clientId)
          .where('resource', '=', resource)
          .execute()
        for (const insert of note(entry)) await transaction.executeQuery(insert)
        return true
      })
    },

    async forget(userId, clientId, resource, entry) {
      const forget = db
        .deleteFrom('consents')
        .where('user_id', '=', userId)
        .where('client_id', '=', clientId)
        .where('resource', '=', resource)
        .compile()
      await database.runGuarded(forget, note(entry))
    },
  }
}

const COLUMNS = [
  'user_id',
  'client_id',
  'resource',
  'scopes',
  'granted_at',
  'client_digest',
] as const satisfies (keyof ConsentRow)[]

const toConsent = (row: ConsentRow): Consent => ({
  userId: row.user_id,
  clientId: row.client_id,
  resource: row.resource,
  scopes: fromJson(row.scopes),
  grantedAt: row.granted_at,
  clientDigest: row.client_digest,
})
