/**
 * One at a time, first come, first served.
 *
 * @module
 */

export interface Turns {
  /** True: it is ours, and nobody had to wait for anything. */
  takeIfFree(): boolean
  take(): Promise<void>
  /** To the next who waits. */
  give(): void
}

export function createTurns(): Turns {
  const waiting: (() => void)[] = []
  let taken = false
  const takeIfFree = (): boolean => {
    if (taken) return false
    taken = true
    return true
  }
  return {
    takeIfFree,
    async take() {
      if (!takeIfFree()) await new Promise<void>((resolve) => waiting.push(resolve))
    },
    give() {
      const next = waiting.shift()
      if (next === undefined) taken = false
      else next()
    },
  }
}
