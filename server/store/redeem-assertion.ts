/**
 * A grant that rests on an assertion: proof, assertion and grant in one transaction, so that of any number of callers in any number of processes
 * one gets it.
 *
 * @see RFC 7523 section 3, item 7: `jti`
 * @see docs/adr/0188-an-id-jag-counts-once.md
 * @module
 */
import type { Grants } from '../core/ports.ts'
import { insertEntry } from './audit-entries.ts'
import { grantToRow } from './grant-row.ts'
import { insertGrant } from './grants.ts'
import { hash } from './hash.ts'
import { insertProof, proofToRow } from './proofs.ts'
import { useOnce } from './replays.ts'
import type { Database } from './schema.ts'

export function createRedeem(database: Database): Grants['redeem'] {
  const insert = insertGrant(database, 'person')
  const useProof = insertProof(database)
  const use = useOnce(database)
  const note = insertEntry(database)
  return async (grant, { assertion, proof }, now, entry) => {
    const guards = [
      ...(proof === null ? [] : [{ query: useProof(proofToRow(proof)), failed: 'replayed' as const }]),
      ...(assertion === null
        ? []
        : [
            {
              query: use({ key_hash: await hash(assertion.key), expires_at: assertion.expiresAt, now }),
              failed: 'used' as const,
            },
          ]),
      { query: insert({ ...grantToRow(grant), session: '' }), failed: 'disabled' as const },
    ]
    const passed = await database.runInTurn(
      guards.map(({ query }) => query),
      note(entry),
    )
    return guards[passed]?.failed ?? 'redeemed'
  }
}
