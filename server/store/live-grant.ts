/**
 * Whether a grant is live, for transactions that issue something from it.
 *
 * @module
 */
import type { DatabaseTransaction } from './schema.ts'

/**
 * Whether the grant is live, and stays so until the transaction ends: a revocation either committed before and is seen here, or
 * waits. SQLite has one writer at a time and needs no lock.
 */
export async function holdLiveGrant({ engine, db }: DatabaseTransaction, id: string, now: number): Promise<boolean> {
  const row = await db
    .selectFrom('grants')
    .select('id')
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .$if(engine === 'postgres', (query) => query.forShare())
    .executeTakeFirst()
  return row !== undefined
}
