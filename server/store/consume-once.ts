/**
 * Consuming what may be used once: a guarded update, in a transaction that holds the grant. Of any number of callers one changes the
 * row, and none does after a revocation.
 *
 * @see docs/adr/0020-one-store-two-engines.md
 * @module
 */
import { holdLiveGrant } from './live-grant.ts'
import type { DatabaseTransaction, RefreshTokenRow } from './schema.ts'

/** `won` for exactly one caller; `consumed`: someone else was first; `dead`: it expired, or its grant is no longer live. */
export async function consumeOnce(
  { engine, db }: DatabaseTransaction,
  table: 'codes' | 'refresh_tokens',
  hash: string,
  now: number,
  alsoSet: Partial<Pick<RefreshTokenRow, 'successor_hash' | 'sealed_answer'>> = {},
): Promise<'won' | 'consumed' | 'dead'> {
  const found = await db.selectFrom(table).select('grant_id').where('hash', '=', hash).executeTakeFirst()
  if (found === undefined || !(await holdLiveGrant({ engine, db }, found.grant_id, now))) return 'dead'
  const { numUpdatedRows } = await db
    .updateTable(table)
    .set({ consumed_at: now, ...alsoSet })
    .where('hash', '=', hash)
    .where('consumed_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst()
  if (numUpdatedRows > 0n) return 'won'
  const row = await db.selectFrom(table).select('consumed_at').where('hash', '=', hash).executeTakeFirst()
  return row?.consumed_at == null ? 'dead' : 'consumed'
}
