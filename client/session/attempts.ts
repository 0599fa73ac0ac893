/**
 * The brake: how often a person is bothered for the same thing.
 *
 * @see MCP 2026-07-28, authorization, "Step-Up": no more than a few times, then a permanent failure
 * @module
 */

/** Seconds that an attempt counts. */
const WINDOW = 600

/** A sign-in and two step-ups are the three authorization attempts that one operation may cost. */
const MAX_SIGN_INS = 3
const MAX_STEP_UPS = 2

export interface Attempts {
  /** Whether one more is allowed for `purpose`: the scopes of a step-up in any order, none for a sign-in. */
  readonly allows: (purpose: readonly string[]) => boolean
  readonly count: (purpose: readonly string[]) => void
  /** A sign-in that led to an accepted request was worth it. */
  readonly signedIn: () => void
  readonly reset: () => void
}

/** Counts in memory, for one session. */
export function createAttempts(now: () => number): Attempts {
  const attempts = new Map<string, readonly number[]>()
  const keyOf = (purpose: readonly string[]): string => [...purpose].sort().join(' ')
  const recent = (key: string): readonly number[] => (attempts.get(key) ?? []).filter((at) => now() - at < WINDOW)
  return {
    allows: (purpose) => recent(keyOf(purpose)).length < (purpose.length === 0 ? MAX_SIGN_INS : MAX_STEP_UPS),
    count(purpose) {
      for (const key of attempts.keys()) if (recent(key).length === 0) attempts.delete(key)
      attempts.set(keyOf(purpose), [...recent(keyOf(purpose)), now()])
    },
    signedIn: () => attempts.delete(''),
    reset: () => attempts.clear(),
  }
}
