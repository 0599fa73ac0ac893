/**
 * Check 4: `response_type=code` in the query, for a client that registered the grant.
 *
 * @see RFC 6749 section 3.1.1, section 4.1.2.1
 * @module
 */
import type { AuthorizationRequest } from '../../../shared/authorization-request.ts'
import { ok, type Result } from '../../../shared/result.ts'
import type { Client } from '../records.ts'
import { type Rejection, reject } from '../rejection.ts'

export function checkResponseType(params: AuthorizationRequest, client: Client): Result<null, Rejection> {
  if (params.response_type === undefined) return reject('malformed_request')
  if (params.response_type !== 'code') return reject('unsupported_response_type')
  if (params.response_mode !== undefined && params.response_mode !== 'query') return reject('unsupported_response_mode')
  return client.grantTypes.includes('authorization_code') ? ok(null) : reject('client_may_not_authorize')
}
