/**
 * What was worked out last, again, for as long as it is made of the same objects.
 *
 * @module
 */

/** `make`, which must be pure, remembering its last result. Arguments are compared by identity. */
export function memoizeLast<const Arguments extends readonly unknown[], Value>(
  make: (...values: Arguments) => Value,
): (...values: Arguments) => Value {
  let last: { readonly values: Arguments; readonly value: Value } | null = null
  return (...values) => {
    if (last === null || values.some((value, index) => value !== last?.values[index])) {
      last = { values, value: make(...values) }
    }
    return last.value
  }
}
