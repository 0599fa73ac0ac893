/**
 * What is stored: text, numbers and null, the same whichever engine keeps it.
 *
 * @module
 */

/**
 * A parameter of a statement. PostgreSQL's text cannot hold NUL, so none does: what contains one is stored, and looked for, with U+FFFD in its
 * place. (A lone surrogate becomes that by itself, on its way to UTF-8.) Inside of JSON it is written as an escape and stays.
 *
 * @throws {TypeError} for anything else: an engine would make of it what it likes.
 */
export function toStored(value: unknown): string | number | null {
  if (typeof value === 'string') return value.replaceAll('\0', '\uFFFD')
  if (value === null || typeof value === 'number') return value
  throw new TypeError('Only text, numbers and null are stored.')
}
