/**
 * The authorization response as a redirect. `iss` is in every one, errors included, and `state` exactly as it came.
 *
 * @see OAuth 2.1 section 4.1.2 and section 4.1.2.1 (draft-ietf-oauth-v2-1-16)
 * @see RFC 9207 section 2
 * @module
 */
import { type Reason, toOAuthError } from '../rejection.ts'
import type { RedirectableRequest } from './redirectable-request.ts'

/** Where the code goes. */
export function successRedirect(request: RedirectableRequest, code: string, issuer: string): string {
  return redirectTo(request, { code }, issuer)
}

/** Where an error goes. */
export function errorRedirect(request: RedirectableRequest, reason: Reason, issuer: string): string {
  const { code, description } = toOAuthError(reason)
  return redirectTo(request, { error: code, error_description: description }, issuer)
}

function redirectTo(request: RedirectableRequest, params: Readonly<Record<string, string>>, issuer: string): string {
  const query = new URLSearchParams(params)
  if (request.state !== undefined) query.set('state', request.state)
  query.set('iss', issuer)
  // Appended to the string, not set on a URL object, which would rewrite the URI that was registered.
  return `${request.redirectUri}${request.redirectUri.includes('?') ? '&' : '?'}${query}`
}
