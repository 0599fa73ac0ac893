/**
 * The access token of a request, from the `Authorization` header and nowhere else.
 *
 * @see RFC 6750 section 2.1 and RFC 9449 section 7.1: the header
 * @see OAuth 2.1 section 5.1 (draft-ietf-oauth-v2-1-16): a token in the query string is ignored
 * @module
 */
import { err, ok, type Result } from '../../shared/result.ts'

/** How a token was presented: by whoever holds it, or by whoever holds its key. */
export type Scheme = 'Bearer' | 'DPoP'

export interface Credentials {
  readonly scheme: Scheme
  readonly token: string
}

const CREDENTIALS = /^(bearer|dpop) +([A-Za-z0-9\-._~+/]+=*)$/i

/** `no_credentials` covers other schemes too: whoever uses them does not know yet what is wanted here. */
export function readCredentials(headers: Headers): Result<Credentials, 'no_credentials' | 'malformed_credentials'> {
  const value = headers.get('authorization')?.trim() ?? ''
  const [, scheme = '', token] = CREDENTIALS.exec(value) ?? []
  if (token !== undefined) return ok({ scheme: /^b/i.test(scheme) ? 'Bearer' : 'DPoP', token })
  // Repeated headers arrive joined by a comma: two credentials are an attempt to be two callers.
  return err(/(^|,)\s*(?:bearer|dpop)\b/i.test(value) ? 'malformed_credentials' : 'no_credentials')
}
