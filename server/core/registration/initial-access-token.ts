/**
 * The initial access token of a registration: an administrator's permission to register, as a Bearer token.
 *
 * @see RFC 7591 section 3
 * @see RFC 6750 section 2.1
 * @see docs/adr/0106-initial-access-tokens.md
 * @module
 */

/** The token of an Authorization header; null: it has none. Other schemes are no initial access token and mean nothing here. */
export function readInitialAccessToken(authorization: string | null): string | null {
  if (authorization === null || !/^bearer(?: |$)/i.test(authorization)) return null
  return authorization.slice('bearer'.length).trim()
}
