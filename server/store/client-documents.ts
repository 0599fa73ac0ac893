/**
 * What clients publish about themselves, by the exact text of their client id.
 *
 * @see docs/adr/0119-when-client-documents-are-read.md
 * @module
 */
import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { ClientDocument, StoredClientDocuments } from '../core/client-documents/client-document.ts'
import { insertEntry } from './audit-entries.ts'
import { fromJson, toJson } from './json.ts'
import type { ClientDocumentRow, Database, Tables } from './schema.ts'
import { type Parameter, statement } from './statement.ts'

/** The year 9999: those that are pinned are not forgotten. */
const FOR_GOOD = 253_402_300_799

/** All but the logo, which is large. */
const DESCRIPTION = [
  'client_id',
  'document',
  'pinned',
  'etag',
  'fetched_at',
  'fresh_until',
  'kept_until',
  'logo_hash',
] as const

export function createClientDocuments(database: Database): StoredClientDocuments {
  const { db } = database
  const find = statement((value: Parameter<{ client_id: string }>) =>
    db.selectFrom('client_documents').select(DESCRIPTION).where('client_id', '=', value('client_id')),
  )
  const note = insertEntry(database)

  return {
    async find(clientId) {
      const [row] = (await database.run(find({ client_id: clientId }))).rows
      return row === undefined ? null : toDocument(row)
    },

    async logo(clientId) {
      const row = await db
        .selectFrom('client_documents')
        .select(['logo_hash', 'logo_type', 'logo'])
        .where('client_id', '=', clientId)
        .executeTakeFirst()
      if (row === undefined || row.logo_hash === null || row.logo_type === null || row.logo === null) return null
      return { hash: row.logo_hash, type: row.logo_type, bytes: new Uint8Array(Buffer.from(row.logo, 'base64')) }
    },

    async put(document, logo, entry) {
      const described = {
        document: toJson(document.document),
        pinned: document.pinned ? 1 : 0,
        etag: document.etag,
        fetched_at: document.fetchedAt,
        fresh_until: document.freshUntil,
        logo_hash: logo?.hash ?? null,
        logo_type: logo?.type ?? null,
        logo: logo === null ? null : Buffer.from(logo.bytes).toString('base64'),
      }
      const until = document.pinned ? FOR_GOOD : document.keptUntil
      const put = db
        .insertInto('client_documents')
        .values({ client_id: document.clientId, ...described, kept_until: until })
        .onConflict((conflict) =>
          conflict
            .column('client_id')
            .doUpdateSet({ ...described, kept_until: later(until) })
            // What an administrator stored, no answer of the client's site replaces.
            .where('client_documents.pinned', '<=', described.pinned),
        )
        .compile()
      await database.runGuarded(put, note(entry))
    },

    async confirm({ clientId, fetchedAt, freshUntil, keptUntil }) {
      await db
        .updateTable('client_documents')
        .set({ fetched_at: fetchedAt, fresh_until: freshUntil, kept_until: later(keptUntil) })
        .where('client_id', '=', clientId)
        .execute()
    },

    async keep(clientId, until) {
      const { numUpdatedRows } = await db
        .updateTable('client_documents')
        .set({ kept_until: later(until) })
        .where('client_id', '=', clientId)
        .executeTakeFirst()
      return numUpdatedRows === 1n
    },

    async list() {
      const rows = await db
        .selectFrom('client_documents')
        .select(DESCRIPTION)
        .orderBy('pinned', 'desc')
        .orderBy('client_id')
        .execute()
      return rows.map(toDocument)
    },

    async unpin(clientId, now, entry) {
      // As long as something lives that was issued to it, it is looked up.
      const lastGrant = sql<number>`coalesce((select max(expires_at) from grants where client_id = ${clientId}), ${now})`
      const unpin = db
        .updateTable('client_documents')
        .set({ pinned: 0, fresh_until: now, kept_until: lastGrant })
        .where('client_id', '=', clientId)
        .where('pinned', '=', 1)
        .compile()
      return database.runGuarded(unpin, note(entry))
    },

    remove: (clientId, now, entry) =>
      db.transaction().execute(async (transaction) => {
        if (!(await removeDocument(transaction, clientId))) return false
        await transaction
          .updateTable('grants')
          .set({ revoked_at: now })
          .where('client_id', '=', clientId)
          .where('revoked_at', 'is', null)
          .execute()
        await transaction.deleteFrom('consents').where('client_id', '=', clientId).execute()
        for (const insert of note(entry)) await transaction.executeQuery(insert)
        return true
      }),
  }
}

async function removeDocument(db: Kysely<Tables>, clientId: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom('client_documents')
    .where('client_id', '=', clientId)
    .executeTakeFirst()
  return numDeletedRows === 1n
}

/** Never moved back. */
const later = (until: number): RawBuilder<number> => {
  const kept = sql.ref('client_documents.kept_until')
  return sql<number>`case when ${kept} > ${until} then ${kept} else ${until} end`
}

const toDocument = (row: Pick<ClientDocumentRow, (typeof DESCRIPTION)[number]>): ClientDocument => ({
  clientId: row.client_id,
  document: fromJson(row.document),
  pinned: row.pinned === 1,
  etag: row.etag,
  fetchedAt: row.fetched_at,
  freshUntil: row.fresh_until,
  keptUntil: row.kept_until,
  logo: row.logo_hash,
})
