/**
 * Resources say which scopes imply which, and how long their access tokens are valid.
 *
 * @module
 */
import type { Transaction } from 'kysely'
import type { Tables } from '../../schema.ts'

export async function resources({ schema }: Transaction<Tables>): Promise<void> {
  await schema
    .alterTable('resources')
    .addColumn('scope_hierarchy', 'text', (column) => column.notNull().defaultTo('{}'))
    .execute()
  await schema.alterTable('resources').addColumn('access_token_lifetime', 'bigint').execute()
}
