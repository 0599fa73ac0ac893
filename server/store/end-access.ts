/**
 * Ending all that a person has: every live grant and every session, inside a transaction of somebody else.
 *
 * @module
 */
import type { DatabaseTransaction } from './schema.ts'

/**
 * Sessions first: whoever is creating a grant holds the one that it rests on, and is waited for; whoever begins to waits, and then finds none. So the grants
 * that are revoked then are all there are. To be called once the transaction holds what keeps new sessions from being created, where they must not be.
 */
export async function endAccess({ db }: Pick<DatabaseTransaction, 'db'>, userId: string, now: number): Promise<void> {
  await db.deleteFrom('sessions').where('user_id', '=', userId).execute()
  await db
    .updateTable('grants')
    .set({ revoked_at: now })
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .execute()
}
