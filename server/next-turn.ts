/**
 * Waits until the event loop has taken in whatever is ready, so that requests that arrived together are answered together.
 *
 * @see docs/adr/0078-requests-are-answered-in-step.md
 * @module
 */
import { setImmediate } from 'node:timers'

let next: Promise<void> | null = null

/** The same promise for everyone who asks in this turn. */
export const nextTurn = (): Promise<void> =>
  (next ??= new Promise((resolve) => {
    setImmediate(() => {
      next = null
      resolve()
    })
  }))
