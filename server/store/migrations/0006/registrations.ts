/**
 * Registrations that nobody uses end, and administrators hand out tokens to register with.
 *
 * @see docs/adr/0105-the-life-of-a-registration.md
 * @see docs/adr/0106-initial-access-tokens.md
 * @module
 */
import { sql, type Transaction } from 'kysely'
import type { Tables } from '../../schema.ts'

export async function registrations(db: Transaction<Tables>): Promise<void> {
  const { schema } = db
  await schema.alterTable('clients').addColumn('last_used_at', 'bigint').execute()
  await schema.alterTable('clients').addColumn('expires_at', 'bigint').execute()
  await sql`update clients set last_used_at = (select max(created_at) from grants where client_id = clients.id)`.execute(
    db,
  )
  // A day after what it was last granted ends; those that were granted nothing, a day after they registered.
  await sql`
    update clients
    set expires_at = 86400 + coalesce((select max(expires_at) from grants where client_id = clients.id), issued_at)
    where origin = 'dynamic'`.execute(db)
  await schema.createIndex('clients_expiry').on('clients').column('expires_at').execute()

  await schema
    .createTable('registration_tokens')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('hash', 'text', (column) => column.notNull().unique())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addColumn('uses_left', 'bigint')
    .execute()
  await schema.createIndex('registration_tokens_expiry').on('registration_tokens').column('expires_at').execute()
}
