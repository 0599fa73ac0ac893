/**
 * Check 2: the redirect URI is one that the client registered. Its failure is shown to the person, never redirected.
 *
 * @see OAuth 2.1 section 4.1.1 (draft-ietf-oauth-v2-1-16): exact comparison; optional when just one is registered
 * @see RFC 8252 section 7.3: any port on loopback
 * @module
 */
import type { FormRecord } from '../../../shared/form.ts'
import { matchesRedirectUri, type RedirectUriMatching } from '../../../shared/redirect-uri-match.ts'
import { ok, type Result } from '../../../shared/result.ts'
import type { Client } from '../records.ts'
import { type Rejection, reject } from '../rejection.ts'

export function checkRedirectUri(
  query: FormRecord,
  client: Client,
  matching: RedirectUriMatching,
): Result<string, Rejection> {
  const presented = query['redirect_uri']
  if (presented === undefined) {
    const [only, ...others] = client.redirectUris
    return only !== undefined && others.length === 0 ? ok(only) : reject('missing_redirect_uri')
  }
  if (typeof presented !== 'string') return reject('malformed_request')
  return client.redirectUris.some((registered) => matchesRedirectUri(registered, presented, matching))
    ? ok(presented)
    : reject('unregistered_redirect_uri')
}
