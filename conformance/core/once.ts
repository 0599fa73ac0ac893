/**
 * Facts that several checks need, found out when the first one asks.
 *
 * @module
 */

/** Runs `find` at the first call, and gives every caller what came of it, a failure too. */
export function once<Value>(find: () => Promise<Value>): () => Promise<Value> {
  let found: Promise<Value> | undefined
  return () => {
    found ??= find()
    return found
  }
}
