/**
 * A way to providers that waits only a few times for one that does not answer: people of the others are waiting behind.
 *
 * @see docs/adr/0193-who-has-left.md
 * @module
 */

import { err, type Result } from '../../../shared/result.ts'
import type { OutboundDoor, OutboundFailure } from '../../core/outbound.ts'

/** So many questions in a row without an answer. One may be lost by itself. */
const PATIENCE = 3

/** For one round of questions. What is not asked any more has timed out. */
export function impatient(door: OutboundDoor): OutboundDoor {
  const silent = new Map<string, number>()
  async function within<Answer>(
    url: string,
    ask: () => Promise<Result<Answer, OutboundFailure>>,
  ): Promise<Result<Answer, OutboundFailure>> {
    const { origin } = new URL(url)
    const before = silent.get(origin) ?? 0
    if (before >= PATIENCE) return err('timeout')
    const answer = await ask()
    const isSilent = !answer.ok && (answer.error === 'timeout' || answer.error === 'unreachable')
    silent.set(origin, isSilent ? before + 1 : 0)
    return answer
  }
  return {
    get: (url, request) => within(url, () => door.get(url, request)),
    ask: (url, question) => within(url, () => door.ask(url, question)),
  }
}
