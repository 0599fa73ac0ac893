/**
 * The URL that a proof is for, as it is compared.
 *
 * @see RFC 9449 section 4.3: without query and fragment, after syntax-based and scheme-based normalisation
 * @see RFC 3986 section 6.2.2 and section 6.2.3
 *
 * @standard RFC 3986: URI Generic Syntax
 * @status used
 * @does how URLs in proofs are compared (section 6.2)
 * @module
 */

/**
 * Scheme and host in lower case, no default port, no dot segments, nothing percent-encoded that need not be. Null: no http URL, or one with
 * credentials in it.
 */
export function proofUrl(text: string): string | null {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') return null
  return `${url.origin}${url.pathname.replace(/%[0-9a-f]{2}/gi, normalised)}`
}

/** RFC 3986 section 2.3: unreserved characters stand for themselves; all else is written in upper case. */
function normalised(escaped: string): string {
  const character = String.fromCharCode(Number.parseInt(escaped.slice(1), 16))
  return /[\w.~-]/.test(character) ? character : escaped.toUpperCase()
}
