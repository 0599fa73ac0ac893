/**
 * JSON columns. Only what this store wrote is ever read back, so the text is trusted to have the shape that it was given.
 *
 * @module
 */

/** `toJson(['a'])` is `'["a"]'`; null stays null. */
export function toJson(value: object): string
export function toJson(value: object | null): string | null
export function toJson(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value)
}

/** The other way round. */
export const fromJson = <Value>(text: string): Value => JSON.parse(text) as Value

/** A column with a list of strings, or nothing. */
export const listOrNull = (text: string | null): readonly string[] | null =>
  text === null ? null : fromJson<readonly string[]>(text)
