/**
 * Whether two redirect URIs are the same.
 *
 * @see OAuth 2.1 section 4.1.3: exact comparison (draft-ietf-oauth-v2-1-16)
 * @see RFC 8252 section 7.3: any port on loopback, section 8.3: `localhost`
 * @module
 */

/** How loopback redirect URIs are compared. */
export interface RedirectUriMatching {
  /** Whether any port also fits for `http://localhost`, as it always does for `127.0.0.1` and `[::1]`. */
  readonly localhostAnyPort: boolean
}

/** The host, and what comes after the port: as written, so that nothing but the port can differ. */
const ON_LOOPBACK = /^http:\/\/(127(?:\.\d{1,3}){3}|\[::1\]|localhost)(?::\d*)?([/?].*)?$/

/**
 * Whether `presented` is `registered`: the same string, or the same but for the port of a loopback http URI. One of them has
 * been judged before (`classifyRedirectUri`), and so has whatever differs from it by a port.
 */
export function matchesRedirectUri(
  registered: string,
  presented: string,
  { localhostAnyPort }: RedirectUriMatching,
): boolean {
  if (registered === presented) return true
  const [, host, rest] = ON_LOOPBACK.exec(registered) ?? []
  const [, hostToo, restToo] = ON_LOOPBACK.exec(presented) ?? []
  if (host === undefined || (host === 'localhost' && !localhostAnyPort)) return false
  return host === hostToo && rest === restToo && [registered, presented].every((uri) => URL.canParse(uri))
}
