/**
 * DPoP proofs that were used. They lie in periods of time: what is new is written within the one or two that are open, what has expired lies
 * in front. Of any number of callers in any number of processes one is the first: PostgreSQL says so by a unique key, in one insert; on SQLite
 * whoever writes knows what all others wrote.
 *
 * @see RFC 9449 section 11.1
 * @see docs/adr/0137-a-used-proof-is-known-by-its-jti.md
 * @module
 */
import type { ProofUse } from '../../shared/dpop/verify-proof.ts'
import type { Proofs } from '../core/ports.ts'
import { digest } from './hash.ts'
import type { Database, Guard, ProofRow } from './schema.ts'
import { type Parameter, type Statement, statement } from './statement.ts'
import { createUsedProofs, type PlacedProof, type UsedProofs } from './used-proofs.ts'

export function createProofs(database: Database): Proofs {
  const insert = insertProof(database)
  return { remember: (key, expiresAt) => database.runGuarded(insert(proofToRow({ key, expiresAt })), []) }
}

/** Stores a proof, unless it is there. */
export function insertProof(database: Database): (proof: PlacedProof) => Guard {
  if (database.engine === 'sqlite') {
    const used = usedProofs(database)
    return (proof) => (turn) => used.use(proof, turn)
  }
  const insert = insertByHash(database)
  return ({ hash, period, before, after }) => insert({ key_hash: hash, expires_at: period, before, after })
}

/** One for each database: within a transaction each verb must know what the others stored. */
function usedProofs(database: Database): UsedProofs {
  const known = MEMORIES.get(database) ?? createUsedProofs(database)
  MEMORIES.set(database, known)
  return known
}

const MEMORIES = new WeakMap<Database, UsedProofs>()

const insertByHash = ({ db }: Database): Statement<NewProof, unknown> =>
  statement((value: Parameter<NewProof>) =>
    db
      .insertInto('proofs')
      .columns(['expires_at', 'key_hash'])
      .expression(
        db
          .selectNoFrom(({ cast }) => [
            cast<number>(value('expires_at'), 'bigint').as('expires_at'),
            cast<string>(value('key_hash'), 'text').as('key_hash'),
          ])
          .where(({ exists, not, selectFrom }) =>
            not(
              exists(
                selectFrom('proofs')
                  .select('key_hash')
                  .where('expires_at', 'in', [value('before'), value('after')])
                  .where('key_hash', '=', value('key_hash')),
              ),
            ),
          ),
      )
      .onConflict((conflict) => conflict.doNothing()),
  )

/** A row, and the ends of the periods beside its own, where a proof of the same `jti` may lie that says another time. */
interface NewProof extends ProofRow {
  readonly before: number
  readonly after: number
}

export function proofToRow({ key, expiresAt }: ProofUse): PlacedProof {
  const period = Math.ceil(expiresAt / PERIOD) * PERIOD
  return { hash: digest(key).slice(0, LENGTH), period, before: period - PERIOD, after: period + PERIOD }
}

/**
 * In seconds. Longer than the times of two proofs can be apart that are both good at some moment: twice the greatest tolerance. Part of what is
 * stored: to change it takes a migration.
 */
const PERIOD = 720

/** 132 bits of the hash. */
const LENGTH = 22
