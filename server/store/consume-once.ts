/**
 * Consuming what may be used once: a guarded update, in a transaction that holds the grant. Of any number of callers one changes the
 * row, and none does after a revocation.
 *
 * @see docs/adr/0020-one-store-two-engines.md
 * @module
 */
import type { Transaction } from 'kysely'
import type { Database, Tables } from './schema.ts'
import { changedOne, type Parameter, type Statement, statement } from './statement.ts'

/** Which row, and when. */
interface Use {
  readonly hash: string
  readonly now: number
}

/** `won` for exactly one caller; `consumed`: someone else was first; `dead`: it expired, or its grant is no longer live. */
type Outcome = 'won' | 'consumed' | 'dead'

/** `update` sets `consumed_at` of a row that is unused and has not expired. */
export function createConsumeOnce<Values extends Use>(
  { engine, db }: Database,
  table: 'codes' | 'refresh_tokens',
  update: Statement<Values, unknown>,
): (transaction: Transaction<Tables>, values: Values) => Promise<Outcome> {
  // Live, and so until the transaction ends: a revocation either committed before and is seen here, or waits. SQLite has one writer at
  // a time and needs no lock.
  const holdLiveGrant = statement(db, (value: Parameter<Use>) =>
    db
      .selectFrom('grants')
      .select('id')
      .where('id', '=', (query) => query.selectFrom(table).select('grant_id').where('hash', '=', value('hash')))
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', value('now'))
      .$if(engine === 'postgres', (query) => query.forShare()),
  )
  const find = statement(db, (value: Parameter<Pick<Use, 'hash'>>) =>
    db.selectFrom(table).select('consumed_at').where('hash', '=', value('hash')),
  )

  return async (transaction, values) => {
    const { hash, now } = values
    if ((await holdLiveGrant({ hash, now }, transaction)).rows.length === 0) return 'dead'
    if (changedOne(await update(values, transaction))) return 'won'
    const [row] = (await find({ hash }, transaction)).rows
    return row?.consumed_at == null ? 'dead' : 'consumed'
  }
}
