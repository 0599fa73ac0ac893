/**
 * The first schema. `bigint` is a 64-bit integer on both engines; JSON is text.
 *
 * @module
 */
import type { Migration } from './migration.ts'

export const initial: Migration = {
  name: '0001-initial',

  async up({ schema }) {
    await schema
      .createTable('clients')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('name', 'text')
      .addColumn('redirect_uris', 'text', (column) => column.notNull())
      .addColumn('auth_method', 'text', (column) => column.notNull())
      .addColumn('secret_hash', 'text')
      .addColumn('secret_expires_at', 'bigint', (column) => column.notNull())
      .addColumn('grant_types', 'text', (column) => column.notNull())
      .addColumn('response_types', 'text', (column) => column.notNull())
      .addColumn('application_type', 'text', (column) => column.notNull())
      .addColumn('scope', 'text')
      .addColumn('scope_ceiling', 'text')
      .addColumn('metadata', 'text', (column) => column.notNull())
      .addColumn('origin', 'text', (column) => column.notNull())
      .addColumn('issued_at', 'bigint', (column) => column.notNull())
      .execute()

    await schema
      .createTable('resources')
      .addColumn('identifier', 'text', (column) => column.primaryKey())
      .addColumn('position', 'bigint', (column) => column.notNull())
      .addColumn('aliases', 'text', (column) => column.notNull())
      .addColumn('name', 'text')
      .addColumn('scopes', 'text', (column) => column.notNull())
      .addColumn('default_scopes', 'text')
      .execute()

    // No foreign keys to users and clients: people may come from elsewhere, and a grant outlives its client as a record.
    await schema
      .createTable('grants')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('user_id', 'text', (column) => column.notNull())
      .addColumn('client_id', 'text', (column) => column.notNull())
      .addColumn('resource', 'text', (column) => column.notNull())
      .addColumn('scopes', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('revoked_at', 'bigint')
      .execute()
    await schema.createIndex('grants_user').on('grants').column('user_id').execute()
    await schema.createIndex('grants_client').on('grants').column('client_id').execute()
    await schema.createIndex('grants_expiry').on('grants').column('expires_at').execute()

    await schema
      .createTable('codes')
      .addColumn('hash', 'text', (column) => column.primaryKey())
      .addColumn('grant_id', 'text', (column) => column.notNull().references('grants.id').onDelete('cascade'))
      .addColumn('client_id', 'text', (column) => column.notNull())
      .addColumn('redirect_uri', 'text', (column) => column.notNull())
      .addColumn('code_challenge', 'text', (column) => column.notNull())
      .addColumn('resource', 'text', (column) => column.notNull())
      .addColumn('scopes', 'text', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('consumed_at', 'bigint')
      .execute()
    await schema.createIndex('codes_grant').on('codes').column('grant_id').execute()
    await schema.createIndex('codes_expiry').on('codes').column('expires_at').execute()

    await schema
      .createTable('refresh_tokens')
      .addColumn('hash', 'text', (column) => column.primaryKey())
      .addColumn('grant_id', 'text', (column) => column.notNull().references('grants.id').onDelete('cascade'))
      .addColumn('client_id', 'text', (column) => column.notNull())
      .addColumn('resource', 'text', (column) => column.notNull())
      .addColumn('scopes', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .addColumn('consumed_at', 'bigint')
      .addColumn('successor_hash', 'text')
      .addColumn('sealed_answer', 'text')
      .execute()
    await schema.createIndex('refresh_tokens_grant').on('refresh_tokens').column('grant_id').execute()
    // One predecessor each.
    await schema
      .createIndex('refresh_tokens_successor')
      .on('refresh_tokens')
      .column('successor_hash')
      .unique()
      .execute()

    await schema
      .createTable('revoked_tokens')
      .addColumn('jti', 'text', (column) => column.primaryKey())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .execute()
    await schema.createIndex('revoked_tokens_expiry').on('revoked_tokens').column('expires_at').execute()

    await schema
      .createTable('consents')
      .addColumn('user_id', 'text', (column) => column.notNull())
      .addColumn('client_id', 'text', (column) => column.notNull())
      .addColumn('resource', 'text', (column) => column.notNull())
      .addColumn('scopes', 'text', (column) => column.notNull())
      .addColumn('granted_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('consents_key', ['user_id', 'client_id', 'resource'])
      .execute()
    await schema.createIndex('consents_client').on('consents').column('client_id').execute()

    await schema
      .createTable('users')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('username', 'text', (column) => column.notNull())
      .addColumn('username_key', 'text', (column) => column.notNull().unique())
      .addColumn('display_name', 'text')
      .addColumn('password_hash', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .execute()

    await schema
      .createTable('sessions')
      .addColumn('hash', 'text', (column) => column.primaryKey())
      .addColumn('user_id', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .execute()
    await schema.createIndex('sessions_expiry').on('sessions').column('expires_at').execute()

    await schema
      .createTable('signing_keys')
      .addColumn('generation', 'bigint', (column) => column.primaryKey())
      .addColumn('kid', 'text', (column) => column.notNull().unique())
      .addColumn('algorithm', 'text', (column) => column.notNull())
      .addColumn('sealed_jwk', 'text', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .execute()
  },
}
