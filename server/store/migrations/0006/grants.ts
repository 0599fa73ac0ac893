/**
 * Whether a person has a live grant with a client is asked with every authorization: by person or by client alone, popular clients and
 * busy people would have it search through all that they ever granted.
 *
 * @module
 */
import type { Transaction } from 'kysely'
import type { Tables } from '../../schema.ts'

export async function grants({ schema }: Transaction<Tables>): Promise<void> {
  await schema.dropIndex('grants_user').execute()
  await schema.createIndex('grants_user_client').on('grants').columns(['user_id', 'client_id', 'expires_at']).execute()
}
