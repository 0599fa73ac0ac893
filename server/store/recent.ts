/**
 * What is read with every request and seldom changes: kept for a second.
 *
 * @see docs/adr/0072-read-once-a-second.md
 * @module
 */

/** In milliseconds. Other processes on the same database notice a change after as long, at the latest. */
export const MAX_AGE = 1000

/** In milliseconds. Whoever is about to be refused does not have more read than this lets through. */
const PAUSE = 50

/** More keys than are asked for in a second. */
const MAX_KEYS = 1000

export interface Recent<Value> {
  /** The value as it was read less than a second ago, and since the last `forget`. */
  get(): Promise<Value>
  /** To be called when this process has changed it. */
  forget(): void
}

export interface RecentByKey<Value> {
  get(key: string): Promise<Value>
  /** As it is now; where this was asked less than 50 ms ago, as it was then. */
  getAnew(key: string): Promise<Value>
  /** All of them. */
  forget(): void
}

/** Remembers what `load` gave; never a failure. */
export function recent<Value>(load: () => Promise<Value>, clock?: () => number): Recent<Value> {
  const { get, forget } = recentByKey(load, clock)
  return { get: () => get(''), forget }
}

/** Remembers what `load` gave for each of at most a thousand keys; never a failure, and never that there is nothing. */
export function recentByKey<Value>(
  load: (key: string) => Promise<Value>,
  clock = () => performance.now(),
): RecentByKey<Value> {
  const held = new Map<string, { readonly value: Promise<Value>; readonly at: number; readonly anew: boolean }>()

  function read(key: string, anew: boolean): Promise<Value> {
    const loading = { value: load(key), at: clock(), anew }
    if (held.size >= MAX_KEYS) held.clear()
    held.set(key, loading)
    const drop = (): void => {
      if (held.get(key) === loading) held.delete(key)
    }
    loading.value.then((value) => value === null && drop(), drop)
    return loading.value
  }

  return {
    get(key) {
      const known = held.get(key)
      return known !== undefined && clock() - known.at < MAX_AGE ? known.value : read(key, false)
    },
    getAnew(key) {
      const known = held.get(key)
      return known?.anew === true && clock() - known.at < PAUSE ? known.value : read(key, true)
    },
    forget: () => held.clear(),
  }
}
