/**
 * A decision as a value: either what was decided, or why not.
 *
 * @module
 */

/** The outcome of a pure check. `ok` tells the two apart. */
export type Result<Value, Failure> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: Failure }

/** Wraps a value: `ok(3)` is `{ ok: true, value: 3 }`. */
export const ok = <Value>(value: Value): { readonly ok: true; readonly value: Value } => ({ ok: true, value })

/** Wraps a failure: `err('late')` is `{ ok: false, error: 'late' }`. */
export const err = <Failure>(error: Failure): { readonly ok: false; readonly error: Failure } => ({ ok: false, error })
