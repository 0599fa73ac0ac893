/**
 * DPoP proofs that were used. Their primary key begins with their end, so that what is used together lies side by side, and what has expired
 * lies in front. One insert, of which of any number of callers in any number of processes one is the first.
 *
 * @see RFC 9449 section 11.1
 * @see docs/adr/0136-used-proofs-lie-side-by-side.md
 * @module
 */
import type { Proofs } from '../core/ports.ts'
import { hash } from './hash.ts'
import type { Database, ProofRow } from './schema.ts'
import { type Parameter, statement } from './statement.ts'

/** 132 bits of the hash. */
const LENGTH = 22

export function createProofs(database: Database): Proofs {
  const { db } = database
  const insert = statement((value: Parameter<ProofRow>) =>
    db
      .insertInto('proofs')
      .values({ expires_at: value('expires_at'), key_hash: value('key_hash') })
      .onConflict((conflict) => conflict.doNothing()),
  )

  return {
    async remember(key, expiresAt) {
      const key_hash = (await hash(key)).slice(0, LENGTH)
      const { numAffectedRows } = await database.run(insert({ expires_at: expiresAt, key_hash }))
      return numAffectedRows === 1n
    },
  }
}
