/**
 * What is read with every request and changes once a month: kept for a second.
 *
 * @see docs/adr/0072-resources-are-read-once-a-second.md
 * @module
 */

/** In milliseconds. Other processes on the same database notice a change after as long. */
const MAX_AGE = 1000

export interface Recent<Value> {
  /** The value as it was read less than a second ago, and since the last `forget`. */
  get(): Promise<Value>
  /** To be called when this process has changed it. */
  forget(): void
}

/** Remembers what `load` gave; never a failure. */
export function recent<Value>(load: () => Promise<Value>, clock = () => performance.now()): Recent<Value> {
  let held: { readonly value: Promise<Value>; readonly at: number } | null = null
  const forget = (): void => {
    held = null
  }
  return {
    get() {
      if (held !== null && clock() - held.at < MAX_AGE) return held.value
      const loading = { value: load(), at: clock() }
      held = loading
      loading.value.catch(() => {
        if (held === loading) forget()
      })
      return loading.value
    },
    forget,
  }
}
