/**
 * Comparing what was presented with what is right, in a time that says nothing about where they differ.
 *
 * @module
 */

/** Whether both are the same. Texts of different lengths are told apart at once: lengths are no secret. */
export function equalInConstantTime(one: string, other: string): boolean {
  if (one.length !== other.length) return false
  let difference = 0
  for (let at = 0; at < one.length; at += 1) difference |= one.charCodeAt(at) ^ other.charCodeAt(at)
  return difference === 0
}
