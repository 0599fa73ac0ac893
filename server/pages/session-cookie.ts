/**
 * The cookie that knows a browser again. It holds a random value and nothing else.
 *
 * @see RFC 6265bis (draft-ietf-httpbis-rfc6265bis) section 4.1.3.2: the `__Host-` prefix needs Secure, Path=/ and no Domain
 * @module
 */

/** A value of ours: 32 random bytes in base64url. Anything else counts as no cookie. */
const VALUE = /^[A-Za-z0-9_-]{43}$/

/** `__Host-` keeps other hosts of the domain from setting it; without https browsers refuse the prefix. */
export const sessionCookieName = (secure: boolean): string =>
  secure ? '__Host-sallyport_session' : 'sallyport_session'

/** The cookie's value in a `Cookie` header. */
export function readSessionCookie(header: string | null, secure: boolean): string | null {
  const name = `${sessionCookieName(secure)}=`
  for (const pair of (header ?? '').split(';')) {
    const trimmed = pair.trim()
    if (trimmed.startsWith(name)) return VALUE.test(trimmed.slice(name.length)) ? trimmed.slice(name.length) : null
  }
  return null
}

/** A `Set-Cookie` header. `maxAge` in seconds: 0 removes the cookie, null keeps it until the browser closes. */
export function writeSessionCookie(value: string, secure: boolean, maxAge: number | null): string {
  return [
    `${sessionCookieName(secure)}=${value}`,
    'Path=/',
    'HttpOnly',
    'SameSite=Lax',
    ...(secure ? ['Secure'] : []),
    ...(maxAge === null ? [] : [`Max-Age=${maxAge}`]),
  ].join('; ')
}
