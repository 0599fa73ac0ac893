/**
 * Clients may have several ways to prove themselves, two secrets and keys; what may be used once is remembered until it expires.
 *
 * @module
 */
import { sql, type Transaction } from 'kysely'
import type { Tables } from '../../schema.ts'

export async function clientAuth(db: Transaction<Tables>): Promise<void> {
  const { schema } = db
  for (const column of ['auth_methods', 'secrets']) {
    await schema
      .alterTable('clients')
      .addColumn(column, 'text', (definition) => definition.notNull().defaultTo('[]'))
      .execute()
  }
  for (const column of ['jwks', 'jwks_uri', 'resource']) {
    await schema.alterTable('clients').addColumn(column, 'text').execute()
  }
  // Hashes and names of methods hold nothing that JSON would escape.
  await sql`update clients set auth_methods = '["' || auth_method || '"]'`.execute(db)
  await sql`
    update clients set secrets = '[{"hash":"' || secret_hash || '","expiresAt":' || cast(secret_expires_at as text) || '}]'
    where secret_hash is not null`.execute(db)
  for (const column of ['auth_method', 'secret_hash', 'secret_expires_at']) {
    await schema.alterTable('clients').dropColumn(column).execute()
  }

  await schema
    .createTable('replays')
    .addColumn('key_hash', 'text', (column) => column.primaryKey())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .execute()
  await schema.createIndex('replays_expiry').on('replays').column('expires_at').execute()
}
