/**
 * What clients publish about themselves, and what people agreed to of it.
 *
 * @see docs/adr/0119-when-client-documents-are-read.md
 * @module
 */
import type { Transaction } from 'kysely'
import type { Tables } from '../../schema.ts'

export async function clientDocuments({ schema }: Transaction<Tables>): Promise<void> {
  await schema
    .createTable('client_documents')
    .addColumn('client_id', 'text', (column) => column.primaryKey())
    .addColumn('document', 'text', (column) => column.notNull())
    .addColumn('pinned', 'bigint', (column) => column.notNull())
    .addColumn('etag', 'text')
    .addColumn('fetched_at', 'bigint', (column) => column.notNull())
    .addColumn('fresh_until', 'bigint', (column) => column.notNull())
    .addColumn('kept_until', 'bigint', (column) => column.notNull())
    .addColumn('logo_hash', 'text')
    .addColumn('logo_type', 'text')
    .addColumn('logo', 'text')
    .execute()
  await schema.createIndex('client_documents_end').on('client_documents').column('kept_until').execute()

  await schema.alterTable('consents').addColumn('client_digest', 'text').execute()
}
