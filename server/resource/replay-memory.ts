/**
 * The proofs that were used, as far as one process knows. Bounded: when there are too many, the one that was used first makes room.
 *
 * @see RFC 9449 section 11.1
 * @see docs/adr/0134-replays-at-a-resource.md
 * @module
 */
import { boundedMap } from '../../shared/bounded-map.ts'
import type { DpopReplays } from '../../shared/dpop/verify-proof.ts'

/** Some 200 bytes each. */
const MAX_PROOFS = 100_000

export function createReplayMemory(limit = MAX_PROOFS): DpopReplays {
  const ends = boundedMap<number>(limit)
  return {
    async remember(key, expiresAt, now) {
      if ((ends.get(key) ?? 0) > now) return false
      ends.set(key, expiresAt)
      return true
    },
  }
}
