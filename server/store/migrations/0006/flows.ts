/**
 * The flow trace: steps in the order of time, deleted after days.
 *
 * @see docs/adr/0117-the-flow-trace.md
 * @module
 */
import { PostgresAdapter, type Transaction } from 'kysely'
import type { Tables } from '../../schema.ts'

export async function flows(db: Transaction<Tables>): Promise<void> {
  const isPostgres = db.getExecutor().adapter instanceof PostgresAdapter
  await db.schema
    .createTable('flow_steps')
    .addColumn('id', isPostgres ? 'bigint' : 'integer', (column) =>
      isPostgres ? column.generatedAlwaysAsIdentity().primaryKey() : column.primaryKey(),
    )
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('step', 'text', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('reason', 'text')
    .addColumn('client_id', 'text')
    .addColumn('resource', 'text')
    .addColumn('attempt', 'text')
    .addColumn('grant_id', 'text')
    .addColumn('address', 'text')
    .addColumn('request_id', 'text')
    .execute()
}
