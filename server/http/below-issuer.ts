/**
 * An issuer with a path: the server's routes live below it, its well-known documents also with the path inserted. Routes are declared
 * without the path; this maps a request's path onto them before routing.
 *
 * @see RFC 8414 section 3.1: path insertion
 * @see OpenID Connect Discovery 1.0 section 4.1: path appending
 * @module
 */
import { OAUTH_AUTHORIZATION_SERVER, OPENID_CONFIGURATION } from '../../shared/well-known.ts'

/**
 * The route that a path stands for, or null when it is not the issuer's. `base` is the issuer's path.
 *
 * @example routeBelow('/tenant', '/.well-known/oauth-authorization-server/tenant') // '/.well-known/oauth-authorization-server'
 */
export function routeBelow(base: string, pathname: string): string | null {
  if (base === '') return pathname
  for (const wellKnown of [OAUTH_AUTHORIZATION_SERVER, OPENID_CONFIGURATION]) {
    if (pathname === `${wellKnown}${base}`) return wellKnown
  }
  if (pathname === `${base}${OAUTH_AUTHORIZATION_SERVER}`) return null
  if (pathname.startsWith('/health/')) return pathname
  return pathname.startsWith(`${base}/`) ? pathname.slice(base.length) : null
}
