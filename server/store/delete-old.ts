/**
 * Forgetting old records, which are stored in the order of time and have no index by it: the first are looked at, and deleted if they are old.
 *
 * @module
 */
import type { Database } from './schema.ts'

/** Of the first `limit` rows, those from before. Says how many. */
export async function deleteOld(
  { db }: Database,
  table: 'audit' | 'flow_steps',
  before: number,
  limit: number,
): Promise<number> {
  const first = await db.selectFrom(table).select('id').orderBy('id').limit(1).executeTakeFirst()
  if (first === undefined) return 0
  const { numDeletedRows } = await db
    .deleteFrom(table)
    .where('id', '>=', first.id)
    .where('id', '<', first.id + limit)
    .where('at', '<', before)
    .executeTakeFirst()
  return Number(numDeletedRows)
}
