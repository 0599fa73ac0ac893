/**
 * Turns of the event loop. Requests that arrived together are answered together, from what is read once for all of them.
 *
 * @see docs/adr/0078-requests-are-answered-in-step.md
 * @module
 */
import { setImmediate } from 'node:timers'

let next: Promise<void> | null = null

/** Waits until the event loop has taken in whatever is ready. The same promise for everyone who asks in this turn. */
export const nextTurn = (): Promise<void> =>
  (next ??= new Promise((resolve) => {
    setImmediate(() => {
      next = null
      resolve()
    })
  }))

/** What `load` gives, the same for everyone who asks in this turn. */
export function oncePerTurn<Value>(load: () => Promise<Value>): () => Promise<Value> {
  let loading: Promise<Value> | null = null
  return () => {
    if (loading === null) {
      loading = load()
      setImmediate(() => {
        loading = null
      })
    }
    return loading
  }
}
