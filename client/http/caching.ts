/**
 * The two headers that say when to come back.
 *
 * @see RFC 9111 section 5.2.2 (`Cache-Control`), section 5.3 (`Expires`), section 5.1 (`Age`)
 * @see RFC 9110 section 10.2.3: `Retry-After`
 * @module
 */

/** Without a header: long enough for a burst of sessions, short enough for a server that moves. Seconds. */
const DEFAULT_LIFETIME = 300
const MAX_LIFETIME = 86_400
const MAX_RETRY_AFTER = 3600

/** Until when an answer may be used again, in seconds since the epoch; `now` itself means: not at all. */
export function freshUntil(headers: Headers, now: number): number {
  const directives = (headers.get('cache-control') ?? '')
    .toLowerCase()
    .split(',')
    .map((directive) => directive.trim())
  if (directives.some((directive) => /^no-(?:store|cache)\b/.test(directive))) return now
  const maxAge = directives
    .map((directive) => /^max-age="?(\d+)"?$/.exec(directive)?.[1])
    .find((age) => age !== undefined)
  if (maxAge !== undefined) return now + clamp(Number(maxAge) - (Number(headers.get('age')) || 0), MAX_LIFETIME)
  const expires = headers.get('expires')
  if (expires === null) return now + DEFAULT_LIFETIME
  const at = httpDate(expires)
  // An unreadable date means "already expired".
  return at === undefined ? now : now + clamp(at - now, MAX_LIFETIME)
}

/** Seconds to wait, from a number or a date; `undefined` where the header is absent or unreadable. At most an hour. */
export function retryAfter(headers: Headers, now: number): number | undefined {
  const value = headers.get('retry-after')?.trim()
  if (value === undefined) return undefined
  if (/^\d+$/.test(value)) return clamp(Number(value), MAX_RETRY_AFTER)
  const at = httpDate(value)
  return at === undefined ? undefined : clamp(at - now, MAX_RETRY_AFTER)
}

/** Seconds since the epoch. `Date.parse` alone reads `0` as the year 2000. */
function httpDate(text: string): number | undefined {
  const at = / GMT$/.test(text) ? Date.parse(text) / 1000 : Number.NaN
  return Number.isNaN(at) ? undefined : at
}

const clamp = (seconds: number, most: number): number => Math.min(Math.max(Math.floor(seconds), 0), most)
