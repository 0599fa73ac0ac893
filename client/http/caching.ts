/**
 * The header that says when to come back.
 *
 * @see RFC 9110 section 10.2.3: `Retry-After`
 * @module
 */
import { clamp, httpDate } from '../../shared/http-freshness.ts'

const MAX_RETRY_AFTER = 3600

/** Seconds to wait, from a number or a date; `undefined` where the header is absent or unreadable. At most an hour. */
export function retryAfter(headers: Headers, now: number): number | undefined {
  const value = headers.get('retry-after')?.trim()
  if (value === undefined) return undefined
  const at = /^\d+$/.test(value) ? now + Number(value) : httpDate(value)
  return at === undefined ? undefined : clamp(at - now, MAX_RETRY_AFTER)
}
