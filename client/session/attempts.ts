/**
 * The brake: how often a person is bothered. The scopes of a challenge are the server's choice, so they alone cannot be what is counted.
 *
 * @see MCP 2026-07-28, authorization, "Step-Up": no more than a few times, then a permanent failure
 * @module
 */

/** Seconds that an attempt counts. */
const WINDOW = 600

/** A sign-in and two step-ups are the three authorization attempts that one operation may cost. */
const MAX_SIGN_INS = 3
const MAX_SAME_STEP_UPS = 2
/** For whatever scopes. Only a token that came of one, and that the resource accepted, begins a new row. */
const MAX_STEP_UPS_IN_A_ROW = 3
/** Worthwhile or not: a server whose authorization server asks nobody could go on for ever. */
const MAX_IN_ALL = 10

export interface Attempts {
  /** Whether one more is allowed for `purpose`: the scopes of a step-up in any order, none for a sign-in. */
  readonly allows: (purpose: readonly string[]) => boolean
  readonly count: (purpose: readonly string[]) => void
  /** A credential of this generation came of it. */
  readonly obtained: (generation: string) => void
  /** The resource has accepted a credential. If it is the one that was obtained, the attempts were worth it. */
  readonly accepted: (generation: string) => void
  readonly reset: () => void
}

interface Attempt {
  readonly at: number
  readonly purpose: string
  readonly worthwhile: boolean
}

/** Counts in memory, for one session. */
export function createAttempts(now: () => number): Attempts {
  let attempts: readonly Attempt[] = []
  let obtained: string | undefined
  const recent = (): readonly Attempt[] => attempts.filter(({ at }) => now() - at < WINDOW)
  return {
    allows: (purpose) => allows(recent(), keyOf(purpose)),
    count: (purpose) => {
      attempts = [...recent(), { at: now(), purpose: keyOf(purpose), worthwhile: false }]
      // What was obtained before says nothing about this one.
      obtained = undefined
    },
    obtained: (generation) => {
      obtained = generation
    },
    accepted: (generation) => {
      if (generation !== obtained) return
      obtained = undefined
      attempts = recent().map((attempt) => ({ ...attempt, worthwhile: true }))
    },
    reset: () => {
      attempts = []
    },
  }
}

const keyOf = (purpose: readonly string[]): string => [...purpose].sort().join(' ')

function allows(recent: readonly Attempt[], purpose: string): boolean {
  if (recent.length >= MAX_IN_ALL) return false
  const inARow = recent.filter((attempt) => !attempt.worthwhile && (attempt.purpose === '') === (purpose === ''))
  if (purpose === '') return inARow.length < MAX_SIGN_INS
  // Not in a row: other operations that work do not make this one succeed.
  const same = recent.filter((attempt) => attempt.purpose === purpose)
  return inARow.length < MAX_STEP_UPS_IN_A_ROW && same.length < MAX_SAME_STEP_UPS
}
