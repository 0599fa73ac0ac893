/**
 * How much of a secret can be random, as far as can be seen from some of them: what is the same in all of them is not.
 *
 * @see RFC 6749 section 10.10: at most one chance in 2^128
 * @module
 */

/** Alphabets in use, the smallest first, by what they hold. */
const ALPHABETS: readonly (readonly [pattern: RegExp, size: number])[] = [
  [/^[0-9]*$/, 10],
  [/^[0-9a-f]*$/, 16],
  [/^[0-9A-F]*$/, 16],
  [/^[a-z2-7]*$/, 32],
  [/^[A-Z2-7]*$/, 32],
  [/^[0-9a-z]*$/, 36],
  [/^[0-9A-Z]*$/, 36],
  [/^[0-9A-Za-z]*$/, 62],
  [/^[0-9A-Za-z_-]*$/, 64],
  [/^[0-9A-Za-z+/=]*$/, 64],
]
const PRINTABLE = 94

/**
 * An upper bound: places that differ times what one place can hold. A counter, a time or a fixed beginning show; a hash of a counter
 * does not. Secrets that came twice are worth nothing.
 *
 * @example guessableBits(['code-0001', 'code-0002']) // 3.3: one digit
 */
export function guessableBits(secrets: readonly string[]): number {
  if (new Set(secrets).size < secrets.length) return 0
  const length = Math.min(...secrets.map((secret) => secret.length))
  const places = Array.from({ length }, (_, at) => secrets.map((secret) => secret[at] ?? ''))
  const varying = places.filter((characters) => new Set(characters).size > 1)
  const seen = varying.flat().join('')
  const size = ALPHABETS.find(([pattern]) => pattern.test(seen))?.[1] ?? PRINTABLE
  return varying.length * Math.log2(size)
}
