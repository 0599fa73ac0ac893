/**
 * Forgetting. What can no longer change an answer is deleted; what can, stays: a redeemed code and a consumed refresh token live as
 * long as their grant, because presenting one again revokes it.
 *
 * @see docs/adr/0023-what-purge-keeps.md
 * @module
 */
import type { Database } from './schema.ts'

/** Codes and refresh tokens go with their grant (foreign keys cascade); the count is of the other rows. */
export async function purge({ db }: Database, now: number): Promise<number> {
  const results = [
    await db.deleteFrom('grants').where('expires_at', '<=', now).executeTakeFirst(),
    // The code was never redeemed: nothing was issued, and nothing can be.
    await db
      .deleteFrom('grants')
      .where('id', 'in', (query) =>
        query.selectFrom('codes').select('grant_id').where('consumed_at', 'is', null).where('expires_at', '<=', now),
      )
      .executeTakeFirst(),
    await db.deleteFrom('revoked_tokens').where('expires_at', '<=', now).executeTakeFirst(),
    await db.deleteFrom('sessions').where('expires_at', '<=', now).executeTakeFirst(),
    await db.deleteFrom('sign_in_attempts').where('ends_at', '<=', now).executeTakeFirst(),
  ]
  return results.reduce((sum, { numDeletedRows }) => sum + Number(numDeletedRows), 0)
}
