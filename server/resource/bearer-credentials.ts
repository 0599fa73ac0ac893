/**
 * The bearer token of a request, from the `Authorization` header and nowhere else.
 *
 * @see RFC 6750 section 2.1: the header
 * @see OAuth 2.1 section 5.1 (draft-ietf-oauth-v2-1-16): a token in the query string is ignored
 * @module
 */
import { err, ok, type Result } from '../../shared/result.ts'

const BEARER = /^bearer +([A-Za-z0-9\-._~+/]+=*)$/i

/** `no_credentials` covers other schemes too: whoever uses them does not know yet what is wanted here. */
export function readBearerToken(headers: Headers): Result<string, 'no_credentials' | 'malformed_credentials'> {
  const value = headers.get('authorization')?.trim() ?? ''
  const token = BEARER.exec(value)?.[1]
  if (token !== undefined) return ok(token)
  // Repeated headers arrive joined by a comma: two credentials are an attempt to be two callers.
  return err(/(^|,)\s*bearer\b/i.test(value) ? 'malformed_credentials' : 'no_credentials')
}
