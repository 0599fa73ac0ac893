/**
 * What callers owe under the rate limits, as far as other processes should know.
 *
 * @see docs/adr/0112-limits-across-processes.md
 * @module
 */
import type { Transaction } from 'kysely'
import type { Tables } from '../../schema.ts'

export async function sharedLimits({ schema }: Transaction<Tables>): Promise<void> {
  await schema
    .createTable('shared_limits')
    .addColumn('key', 'text', (column) => column.primaryKey())
    .addColumn('ends_at', 'double precision', (column) => column.notNull())
    .execute()
  await schema.createIndex('shared_limits_end').on('shared_limits').column('ends_at').execute()
}
