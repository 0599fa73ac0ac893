/**
 * Forgetting the registrations that nobody uses.
 *
 * @see docs/adr/0105-the-life-of-a-registration.md
 * @module
 */
import { type ExpressionBuilder, sql } from 'kysely'
import type { Database, Tables } from './schema.ts'

/** At most `limit`, with the consents that people gave them. */
export async function purgeClients({ db }: Database, now: number, limit: number): Promise<number> {
  const over = await db
    .selectFrom('clients')
    .select('id')
    .where(isOver(now))
    .orderBy('expires_at')
    .limit(limit)
    .execute()
  if (over.length === 0) return 0
  const ids = over.map(({ id }) => id)
  return db.transaction().execute(async (transaction) => {
    // Looked at again, and under the lock of the row: whoever has just been kept stays.
    const deleted = await transaction
      .deleteFrom('clients')
      .where('id', 'in', ids)
      .where(isOver(now))
      .returning('id')
      .execute()
    if (deleted.length > 0) {
      const gone = deleted.map(({ id }) => id)
      await transaction.deleteFrom('consents').where('client_id', 'in', gone).execute()
    }
    return deleted.length
  })
}

/** Its end has come, and it has no grant that counts. The end is later than that of its grants; this holds whatever the end says. */
const isOver =
  (now: number) =>
  ({ and, eb, exists, not, selectFrom, ref }: ExpressionBuilder<Tables, 'clients'>) =>
    and([
      eb('clients.expires_at', '<=', now),
      not(
        exists(
          selectFrom('grants')
            .select(sql`1`.as('live'))
            .where('grants.client_id', '=', ref('clients.id'))
            .where('grants.revoked_at', 'is', null)
            .where('grants.expires_at', '>', now),
        ),
      ),
    ])
