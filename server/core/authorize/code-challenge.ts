/**
 * Check 5: an S256 code challenge, always. A missing method would mean `plain`, which does not exist here.
 *
 * @see RFC 7636 section 4.3, section 4.4.1
 * @see OAuth 2.1 section 4.1.1 (draft-ietf-oauth-v2-1-16): `plain` is prohibited, the method required
 * @module
 */
import * as v from 'valibot'
import type { AuthorizationRequest } from '../../../shared/authorization-request.ts'
import { S256CodeChallenge } from '../../../shared/pkce-syntax.ts'
import { ok, type Result } from '../../../shared/result.ts'
import { type Rejection, reject } from '../rejection.ts'

export function checkCodeChallenge(params: AuthorizationRequest): Result<string, Rejection> {
  if (params.code_challenge === undefined) return reject('missing_code_challenge')
  if (params.code_challenge_method !== 'S256') return reject('unsupported_code_challenge_method')
  return v.is(S256CodeChallenge, params.code_challenge) ? ok(params.code_challenge) : reject('malformed_code_challenge')
}
