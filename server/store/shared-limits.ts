/**
 * What callers owe under the rate limits, in all processes together. A debt is kept as the time at which it is forgiven: adding to it is one
 * upsert, whatever the limit, and nothing has to be counted down.
 *
 * @see docs/adr/0112-limits-across-processes.md
 * @module
 */
import { sql } from 'kysely'
import type { Debt, SharedLimits } from '../core/ports.ts'
import type { Database, SharedLimitRow } from './schema.ts'

export function createSharedLimits({ db }: Database): SharedLimits {
  async function add(debts: readonly Debt[], now: number): Promise<readonly SharedLimitRow[]> {
    if (debts.length === 0) return []
    return db
      .insertInto('shared_limits')
      .values(inOrder(debts).map(({ key, seconds }) => ({ key, ends_at: now + seconds })))
      .onConflict((conflict) =>
        conflict.column('key').doUpdateSet({
          ends_at: sql`excluded.ends_at + case when shared_limits.ends_at > ${now} then shared_limits.ends_at - ${now} else 0 end`,
        }),
      )
      .returningAll()
      .execute()
  }

  return {
    async exchange(added, now, most) {
      const mine = await add(added, now)
      if (most === 0) return mine.map((row) => toDebt(row, now))
      const largest = await db
        .selectFrom('shared_limits')
        .selectAll()
        .where('ends_at', '>', now)
        .orderBy('ends_at', 'desc')
        .limit(most)
        .execute()
      return [...largest, ...mine].map((row) => toDebt(row, now))
    },
  }
}

const toDebt = ({ key, ends_at }: SharedLimitRow, now: number): Debt => ({ key, seconds: ends_at - now })

/** Each key once, for a statement may touch a row once; always in the same order, so that two statements never wait for each other. */
function inOrder(debts: readonly Debt[]): readonly Debt[] {
  const sums = new Map<string, number>()
  for (const { key, seconds } of debts) sums.set(key, (sums.get(key) ?? 0) + seconds)
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, seconds]) => ({ key, seconds }))
}
