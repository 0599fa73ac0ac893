/**
 * Who people are at identity providers, sign-ins that have begun there, the sessions that came of them, and people who are disabled.
 *
 * @see OpenID Connect Core 1.0 section 5.7: issuer and subject together are the only stable name of a person
 * @module
 */
import type { Migration } from './migration.ts'

export const identities: Migration = {
  name: '0010-identities',

  async up({ schema }) {
    await schema.alterTable('users').addColumn('disabled_at', 'bigint').execute()

    await schema
      .createTable('identities')
      .addColumn('issuer', 'text', (column) => column.notNull())
      .addColumn('subject', 'text', (column) => column.notNull())
      .addColumn('user_id', 'text', (column) => column.notNull())
      .addColumn('linked_at', 'bigint', (column) => column.notNull())
      .addColumn('last_seen_at', 'bigint', (column) => column.notNull())
      .addColumn('sealed_refresh_token', 'text')
      .addColumn('check_at', 'bigint')
      .addPrimaryKeyConstraint('identities_key', ['issuer', 'subject'])
      .execute()
    await schema.createIndex('identities_user').on('identities').columns(['user_id', 'linked_at']).execute()
    await schema.createIndex('identities_check').on('identities').column('check_at').execute()

    await schema
      .createTable('pending_sign_ins')
      .addColumn('hash', 'text', (column) => column.primaryKey())
      .addColumn('browser', 'text', (column) => column.notNull())
      .addColumn('provider', 'text', (column) => column.notNull())
      .addColumn('request', 'text')
      .addColumn('expires_at', 'bigint', (column) => column.notNull())
      .execute()
    await schema.createIndex('pending_sign_ins_expiry').on('pending_sign_ins').column('expires_at').execute()

    for (const column of ['upstream_issuer', 'upstream_subject', 'upstream_sid', 'sealed_id_token'])
      await schema.alterTable('sessions').addColumn(column, 'text').execute()
    await schema
      .createIndex('sessions_upstream')
      .on('sessions')
      .columns(['upstream_issuer', 'upstream_subject', 'upstream_sid'])
      .execute()
    await schema
      .createIndex('sessions_upstream_sid')
      .on('sessions')
      .columns(['upstream_issuer', 'upstream_sid'])
      .execute()
  },
}
