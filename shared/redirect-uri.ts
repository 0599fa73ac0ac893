/**
 * Redirect URIs: which may be registered.
 *
 * @see OAuth 2.1 section 2.3.1 (draft-ietf-oauth-v2-1-16)
 * @see RFC 8252 section 7.1 (private-use schemes)
 * @module
 */
import { isLoopbackHost } from './loopback.ts'
import { err, ok, type Result } from './result.ts'

/** What kind of redirect URI it is, which decides how it is matched and what a person is warned of. */
export type RedirectUriKind = 'https' | 'loopback' | 'private-use'

export type RedirectUriProblem =
  | 'not_absolute'
  | 'has_fragment'
  | 'has_userinfo'
  | 'forbidden_character'
  | 'no_host'
  | 'http_not_loopback'
  | 'dangerous_scheme'

/** Schemes (`URL.protocol`) that run code or read files in a browser, or that no application owns. */
export const DANGEROUS_SCHEME =
  /^(?:about|blob|chrome|data|file|filesystem|ftp|intent|jar|javascript|livescript|mailto|mhtml|ms-msdt|search-ms|shell|vbscript|view-source|ws|wss):/

/** RFC 3986 section 2: a URI is made of these. */
const URI_CHARACTERS = /^[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]+$/

/** Judges a redirect URI on its own, before it is compared with anything. */
export function classifyRedirectUri(uri: string): Result<RedirectUriKind, RedirectUriProblem> {
  // URL parsers strip or rewrite others silently, so that `java\nscript:` would slip through as something else than what is stored.
  if (!URI_CHARACTERS.test(uri)) return err('forbidden_character')
  const url = URL.parse(uri)
  if (url === null) return err('not_absolute')
  if (uri.includes('#')) return err('has_fragment')
  if (DANGEROUS_SCHEME.test(url.protocol)) return err('dangerous_scheme')
  if (url.username !== '' || url.password !== '') return err('has_userinfo')
  // Without its two slashes it is relative to a page of the same scheme: a browser would go somewhere else than was judged.
  if (/^https?:(?!\/\/[^/])/i.test(uri)) return err('no_host')
  if (url.protocol === 'https:') return ok('https')
  if (url.protocol !== 'http:') return ok('private-use')
  return isLoopbackHost(url.hostname) ? ok('loopback') : err('http_not_loopback')
}
