/**
 * How long an answer may be used again.
 *
 * @see RFC 9111 section 5.2.2 (`Cache-Control`), section 5.3 (`Expires`), section 5.1 (`Age`)
 * @module
 */

/** Without a header: long enough for a burst of use, short enough for a document that moves. Seconds. */
const DEFAULT_LIFETIME = 300
const MAX_LIFETIME = 86_400

/** Until when an answer may be used again, in seconds since the epoch; `now` itself means: not at all. */
export function freshUntil(headers: Headers, now: number): number {
  const directives = headers.get('cache-control')?.toLowerCase() ?? ''
  if (/(?:^|,)\s*no-(?:store|cache)\b/.test(directives)) return now
  const maxAge = /(?:^|,)\s*max-age="?(\d+)"?\s*(?:,|$)/.exec(directives)?.[1]
  if (maxAge !== undefined) return now + clamp(Number(maxAge) - (Number(headers.get('age')) || 0), MAX_LIFETIME)
  const expires = headers.get('expires')
  if (expires === null) return now + DEFAULT_LIFETIME
  const at = httpDate(expires)
  // An unreadable date means "already expired".
  return at === undefined ? now : now + clamp(at - now, MAX_LIFETIME)
}

/** Seconds since the epoch. `Date.parse` alone reads `0` as the year 2000. */
export function httpDate(text: string): number | undefined {
  const at = / GMT$/.test(text) ? Date.parse(text) / 1000 : Number.NaN
  return Number.isNaN(at) ? undefined : at
}

/** Whole seconds, from none to `most`. */
export const clamp = (seconds: number, most: number): number => Math.min(Math.max(Math.floor(seconds), 0), most)
