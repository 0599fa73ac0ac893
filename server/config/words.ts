/**
 * Settings in words, for the help text and the documentation.
 *
 * @module
 */
import type { Leaf } from './leaves.ts'

/** `10 seconds`, or `json; text with --dev`. */
export function defaultInWords(leaf: Leaf): string {
  const usual = leaf.defaultText ?? valueInWords(leaf.defaultValue, leaf)
  return leaf.dev === undefined ? usual : `${usual}; ${valueInWords(leaf.dev, leaf)} with \`--dev\``
}

function valueInWords(value: unknown, { kind, unit }: Leaf): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ')
  if (kind === 'boolean') return value === true ? 'on' : 'off'
  return unit === undefined ? `${value}` : `${value} ${unit}${inDays(Number(value))}`
}

const inDays = (seconds: number): string => {
  const days = seconds / 86_400
  return Number.isInteger(days) && days > 0 ? ` (${days} ${days === 1 ? 'day' : 'days'})` : ''
}
