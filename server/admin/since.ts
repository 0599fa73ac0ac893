/**
 * A point in time as a person gives it: `30m`, `24h` and `7d` ago, or a date.
 *
 * @module
 */

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400 } as const

/** Seconds since the epoch; null: it is neither. */
export function parseSince(text: string, now: number): number | null {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? []
  if (count !== undefined && isUnit(unit)) return now - Number(count) * UNITS[unit]
  const date = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? null : Math.floor(date / 1000)
}

export const SINCE_WANTED = '--since: wanted e.g. 30m, 24h, 7d or 2026-07-28T12:00:00Z.'

const isUnit = (unit: string | undefined): unit is keyof typeof UNITS =>
  unit !== undefined && Object.hasOwn(UNITS, unit)
