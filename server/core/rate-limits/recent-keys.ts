/**
 * A map of bounded size that forgets what was not asked for lately. It has two generations: when the young one is full it becomes the
 * old one, and the old one is dropped. No order has to be kept, so asking costs one look-up.
 *
 * @module
 */

/** A map that holds between `most` and twice as many of the entries that were used last. */
export interface RecentKeys<Value> {
  get(key: string): Value | undefined
  set(key: string, value: Value): void
}

export function recentKeys<Value>(most: number): RecentKeys<Value> {
  let young = new Map<string, Value>()
  let old: ReadonlyMap<string, Value> = new Map()

  function set(key: string, value: Value): void {
    if (young.size >= most) {
      old = young
      young = new Map()
    }
    young.set(key, value)
  }

  return {
    get(key) {
      const recent = young.get(key)
      if (recent !== undefined) return recent
      const value = old.get(key)
      if (value !== undefined) set(key, value)
      return value
    },
    set,
  }
}
