/**
 * The audit log: rows that are only ever added, and deleted once they are old.
 *
 * @see docs/adr/0114-acts-carry-their-entry.md
 * @module
 */
import { PostgresAdapter, sql, type Transaction } from 'kysely'
import type { Tables } from '../../schema.ts'

export async function audit(db: Transaction<Tables>): Promise<void> {
  const isPostgres = db.getExecutor().adapter instanceof PostgresAdapter
  await db.schema
    .createTable('audit')
    // Counted by the database, so that every insert is at the end of the only index.
    .addColumn('id', isPostgres ? 'bigint' : 'integer', (column) =>
      isPostgres ? column.generatedAlwaysAsIdentity().primaryKey() : column.primaryKey(),
    )
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('actor', 'text')
    .addColumn('user_id', 'text')
    .addColumn('client_id', 'text')
    .addColumn('resource', 'text')
    .addColumn('grant_id', 'text')
    .addColumn('scopes', 'text')
    .addColumn('request_id', 'text')
    .addColumn('count', 'integer', (column) => column.notNull())
    .execute()
  for (const change of isPostgres ? KEPT_BY_POSTGRES : KEPT_BY_SQLITE) await sql.raw(change).execute(db)
}

const KEPT_BY_SQLITE = [
  `create trigger audit_is_append_only before update on audit begin select raise(abort, 'the audit log is append-only'); end`,
]

const KEPT_BY_POSTGRES = [
  `create function audit_is_append_only() returns trigger language plpgsql as $$
  begin raise exception 'the audit log is append-only'; end $$`,
  'create trigger audit_is_append_only before update on audit for each statement execute function audit_is_append_only()',
]
