/**
 * Consuming what may be used once: one guarded update. Of any number of callers one changes the row, and none does after a revocation of
 * its grant.
 *
 * @see docs/adr/0020-one-store-two-engines.md
 * @module
 */
import { type CompiledQuery, type ExpressionBuilder, sql } from 'kysely'
import type { ProofUse } from '../../shared/dpop/verify-proof.ts'
import { insertProof, proofToRow } from './proofs.ts'
import type { Database, Tables } from './schema.ts'
import { type Parameter, statement } from './statement.ts'

type Consumable = 'codes' | 'refresh_tokens'

/** Which row, and when. */
export interface Use {
  readonly hash: string
  readonly now: number
}

/**
 * `won` for exactly one caller; `consumed`: someone else was first; `dead`: it expired, or its grant is no longer live; `replayed`: the proof
 * was used before, and nothing was looked at.
 */
type Outcome = 'won' | 'consumed' | 'dead' | 'replayed'

/** That a row may be used: it is unused, has not expired, and its grant is live. */
export const isUsable =
  ({ engine }: Database, value: Parameter<Use>) =>
  ({ and, eb, exists, selectFrom, ref }: ExpressionBuilder<Tables, Consumable>) =>
    and([
      eb('consumed_at', 'is', null),
      eb('expires_at', '>', value('now')),
      // Live, and so until the transaction ends: a revocation either committed before and is seen here, or waits. SQLite has one writer
      // at a time and needs no lock.
      exists(
        selectFrom('grants')
          .select(sql`1`.as('live'))
          .where('grants.id', '=', ref('grant_id'))
          .where('grants.revoked_at', 'is', null)
          .where('grants.expires_at', '>', value('now'))
          .$if(engine === 'postgres', (query) => query.forShare()),
      ),
    ])

/**
 * Uses up the proof, if there is one; runs `update`, which consumes a row that is usable, and what follows from it: all in one transaction. A
 * proof is used up also where the row was not usable.
 */
export function createConsumeOnce(database: Database, table: Consumable) {
  const find = statement((value: Parameter<Pick<Use, 'hash'>>) =>
    database.db.selectFrom(table).select('consumed_at').where('hash', '=', value('hash')),
  )
  const use = insertProof(database)

  return async (
    hash: string,
    update: CompiledQuery,
    others: readonly CompiledQuery[],
    proof: ProofUse | null,
  ): Promise<Outcome> => {
    if (proof === null) {
      if (await database.runGuarded(update, others)) return 'won'
    } else {
      const changed = await database.runInTurn([use(proofToRow(proof)), update], others)
      if (changed === 0) return 'replayed'
      if (changed === 2) return 'won'
    }
    const [row] = (await database.run(find({ hash }))).rows
    return row?.consumed_at == null ? 'dead' : 'consumed'
  }
}
