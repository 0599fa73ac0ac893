/**
 * A member that is null says nothing: where others write an object of JSON, it counts as left out.
 *
 * @module
 */

/** The other members, as they are. What is no object is given back. */
export function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null))
}
