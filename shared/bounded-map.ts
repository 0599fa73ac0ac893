/**
 * A map that does not grow beyond its limit.
 *
 * @module
 */

export interface BoundedMap<Value> {
  get(key: string): Value | undefined
  set(key: string, value: Value): void
}

/** When there are too many, the one that was added first makes room. */
export function boundedMap<Value>(limit: number): BoundedMap<Value> {
  const values = new Map<string, Value>()
  // What to drop next, round and round. To ask a map for its oldest key costs microseconds: it steps over those that were deleted.
  const order: string[] = []
  let turn = 0
  return {
    get: (key) => values.get(key),
    set(key, value) {
      if (!values.has(key)) {
        values.delete(order[turn] ?? '')
        order[turn] = key
        turn = (turn + 1) % limit
      }
      values.set(key, value)
    },
  }
}
