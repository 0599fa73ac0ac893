/**
 * Proof that a posted form is one of ours, shown in this browser: a token that follows from the browser's cookie. What the browser
 * itself says of the request's origin is a second line.
 *
 * @see OAuth 2.1 section 7.11 and section 7.12 (draft-ietf-oauth-v2-1-16)
 * @see Fetch Metadata Request Headers section 2.4: `Sec-Fetch-Site`
 * @module
 */
import { timingSafeEqual } from 'node:crypto'
import type { Hash } from '../core/ports.ts'

/** The token for a browser with this cookie. The label keeps it apart from the hash that the store holds. */
export const csrfToken = (cookie: string, hash: Hash): Promise<string> => hash(`sallyport csrf\n${cookie}`)

/** Whether `presented` is the token for this cookie, compared in constant time. */
export async function isCsrfToken(presented: string, cookie: string, hash: Hash): Promise<boolean> {
  return equal(presented, await csrfToken(cookie, hash))
}

/** Whether the browser says that another site, or another host of this one, sent the form. Silence is no accusation. */
export function isForeignPost(headers: Headers, origin: string): boolean {
  const site = headers.get('sec-fetch-site')
  if (site !== null) return site !== 'same-origin'
  const claimed = headers.get('origin')
  // Our pages send no referrer, and browsers then write `null` as the origin of a form, even to the page's own origin.
  return claimed !== null && claimed !== 'null' && claimed !== origin
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
