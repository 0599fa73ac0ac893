/**
 * The arithmetic of one limit: a bucket that every request fills by one and that empties evenly, by the whole limit in a window.
 * A request has to wait while it does not fit in. So as many as the limit pass at once after a quiet window, and in any span
 * of time no more than the limit and what that span has emptied.
 *
 * @see docs/adr/0111-rate-limits.md
 * @module
 */

/** So many requests in so many seconds. */
export interface Rule {
  /** At least 1. */
  readonly limit: number
  /** Seconds. */
  readonly window: number
}

/** What is in a bucket after it has emptied for `seconds`. A clock that went back empties nothing. */
export function afterSeconds(owed: number, { limit, window }: Rule, seconds: number): number {
  return seconds <= 0 ? owed : Math.max(0, owed - (seconds * limit) / window)
}

/** Whole seconds until one more fits in; 0: it does now. */
export function secondsToWait(owed: number, { limit, window }: Rule): number {
  const excess = owed + 1 - limit
  return excess <= ROUNDING ? 0 : Math.max(1, Math.ceil(((excess - ROUNDING) * window) / limit))
}

/** Requests. Sums of fractions are not exact, and must not make anyone wait a second too long. */
const ROUNDING = 1e-6

/** The same debt as the time until it is forgiven, which is how it is told to others: their limit may be another one. */
export const toSeconds = (owed: number, { limit, window }: Rule): number => (owed * window) / limit

export const fromSeconds = (seconds: number, { limit, window }: Rule): number => (seconds * limit) / window
