/**
 * Forgetting old records, which are stored in the order of time and have no index by it: the first are looked at, and deleted if they are old.
 *
 * @module
 */
import type { ExpressionBuilder } from 'kysely'
import type { Database, Tables } from './schema.ts'

type Records = 'audit' | 'flow_steps'

/** Which records are old. */
export interface Age {
  /** Those from before. */
  readonly before: number
  /** And those beyond so many. Default: any number is kept. */
  readonly most?: number
}

/** Of the first `limit` rows, those that are old. Says how many. */
export async function deleteOld({ db }: Database, table: Records, age: Age, limit: number): Promise<number> {
  const { before, most = Number.MAX_SAFE_INTEGER } = age
  const end = (direction: 'asc' | 'desc') =>
    db.selectFrom(table).select('id').orderBy('id', direction).limit(1).executeTakeFirst()
  const [first, last] = [await end('asc'), await end('desc')]
  if (first === undefined || last === undefined) return 0
  const surplus = Math.max(last.id - most, 0)
  const isOld = ({ and, eb, or }: ExpressionBuilder<Tables, Records>) =>
    and([
      eb('id', '>=', first.id),
      eb('id', '<', first.id + limit),
      or([eb('at', '<', before), eb('id', '<=', surplus)]),
    ])
  // As a rule none is. To see that takes no turn among those who write.
  if ((await db.selectFrom(table).select('id').where(isOld).limit(1).executeTakeFirst()) === undefined) return 0
  const { numDeletedRows } = await db.deleteFrom(table).where(isOld).executeTakeFirst()
  return Number(numDeletedRows)
}
