/**
 * Registered clients.
 *
 * @module
 */
import type { ExpressionBuilder } from 'kysely'
import type { Clients } from '../core/ports.ts'
import type { Client } from '../core/records.ts'
import { insertEntry } from './audit-entries.ts'
import { fromJson, listOrNull, toJson } from './json.ts'
import { type RecentByKey, recentByKey } from './recent.ts'
import type { ClientRow, Database, Tables } from './schema.ts'
import { type Parameter, statement } from './statement.ts'

/** `forget`: to be called when clients were changed by other ways. */
export function createClients(database: Database): Clients & Pick<RecentByKey<unknown>, 'forget'> {
  const { db } = database
  const find = statement((value: Parameter<{ id: string }>) =>
    db.selectFrom('clients').selectAll().where('id', '=', value('id')),
  )

  const note = insertEntry(database)
  // An end that is not there is not later than any other: it stays away.
  const later = (until: number) => (eb: ExpressionBuilder<Tables, 'clients'>) =>
    eb.case().when('expires_at', '<', until).then(until).else(eb.ref('expires_at')).end()

  const known = recentByKey(async (id) => {
    const [row] = (await database.run(find({ id }))).rows
    return row === undefined ? null : toClient(row)
  })
  /** Whether it went well or not, and not before: what was read meanwhile may be from before. */
  const changing = <Result>(change: Promise<Result>): Promise<Result> => change.finally(known.forget)

  return {
    find: known.get,
    findAnew: known.getAnew,
    forget: known.forget,

    async create(client, entry) {
      const insert = db
        .insertInto('clients')
        .values(toRow(client))
        .onConflict((conflict) => conflict.doNothing())
        .compile()
      return changing(database.runGuarded(insert, note(entry)))
    },

    async list() {
      const rows = await db.selectFrom('clients').selectAll().orderBy('issued_at').orderBy('id').execute()
      return rows.map(toClient)
    },

    async replaceSecrets(id, before, after, entry) {
      const update = db
        .updateTable('clients')
        .set({ secrets: toJson(after) })
        .where('id', '=', id)
        .where('secrets', '=', toJson(before))
        .compile()
      return changing(database.runGuarded(update, note(entry)))
    },

    async remove(id, now, entry) {
      const removal = db.transaction().execute(async (transaction) => {
        const { numDeletedRows } = await transaction.deleteFrom('clients').where('id', '=', id).executeTakeFirst()
        if (numDeletedRows === 0n) return false
        await transaction
          .updateTable('grants')
          .set({ revoked_at: now })
          .where('client_id', '=', id)
          .where('revoked_at', 'is', null)
          .execute()
        // An id may be given out again; what people agreed to was for the old client.
        await transaction.deleteFrom('consents').where('client_id', '=', id).execute()
        for (const insert of note(entry)) await transaction.executeQuery(insert)
        return true
      })
      return changing(removal)
    },

    async keep(id, until) {
      const update = db
        .updateTable('clients')
        .set({ expires_at: later(until) })
        .where('id', '=', id)
      const { numUpdatedRows } = await changing(update.executeTakeFirst())
      return numUpdatedRows === 1n
    },

    async recordUse(id, { at, expiresAt }) {
      const update = db
        .updateTable('clients')
        .set({ last_used_at: at, expires_at: later(expiresAt) })
        .where('id', '=', id)
        // Of many requests in one second one writes.
        .where(({ eb, or }) =>
          or([eb('last_used_at', 'is', null), eb('last_used_at', '<', at), eb('expires_at', '<', expiresAt)]),
        )
      await changing(update.execute())
    },
  }
}

const toRow = (client: Client): ClientRow => ({
  id: client.id,
  name: client.name,
  redirect_uris: toJson(client.redirectUris),
  auth_methods: toJson(client.authMethods),
  secrets: toJson(client.secrets),
  jwks: toJson(client.jwks),
  jwks_uri: client.jwksUri,
  grant_types: toJson(client.grantTypes),
  response_types: toJson(client.responseTypes),
  application_type: client.applicationType,
  scope: client.scope,
  scope_ceiling: toJson(client.scopeCeiling),
  resource: client.resource,
  dpop: client.dpop,
  agent: client.agent ? 1 : 0,
  metadata: toJson(client.metadata),
  origin: client.origin,
  issued_at: client.issuedAt,
  last_used_at: client.lastUsedAt,
  expires_at: client.expiresAt,
})

const toClient = (row: ClientRow): Client => ({
  id: row.id,
  name: row.name,
  redirectUris: fromJson(row.redirect_uris),
  authMethods: fromJson(row.auth_methods),
  secrets: fromJson(row.secrets),
  jwks: row.jwks === null ? null : fromJson(row.jwks),
  jwksUri: row.jwks_uri,
  grantTypes: fromJson(row.grant_types),
  responseTypes: fromJson(row.response_types),
  applicationType: row.application_type,
  scope: row.scope,
  scopeCeiling: listOrNull(row.scope_ceiling),
  resource: row.resource,
  dpop: row.dpop,
  agent: row.agent === 1,
  metadata: fromJson(row.metadata),
  origin: row.origin,
  issuedAt: row.issued_at,
  lastUsedAt: row.last_used_at,
  expiresAt: row.expires_at,
})
