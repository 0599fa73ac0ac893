/**
 * The error document of every OAuth endpoint, with the problem details members beside the OAuth ones.
 *
 * @see RFC 6749 section 4.1.2.1 and section 5.2: the codes and the two members
 * @see RFC 9457 section 3.1: `type`, `title`, `status`, `detail`
 * @module
 */
import * as v from 'valibot'

/** Every error code that Sallyport sends or understands. */
export const OAuthErrorCode = v.picklist([
  'access_denied', // RFC 6749 section 4.1.2.1
  'consent_required', // OpenID Connect Core section 3.1.2.6
  'insufficient_scope', // RFC 6750 section 3.1
  'interaction_required', // OpenID Connect Core section 3.1.2.6
  'invalid_client', // RFC 6749 section 5.2
  'invalid_client_metadata', // RFC 7591 section 3.2.2
  'invalid_dpop_proof', // RFC 9449 section 5
  'invalid_grant', // RFC 6749 section 5.2
  'invalid_redirect_uri', // RFC 7591 section 3.2.2
  'invalid_request', // RFC 6749 section 5.2
  'invalid_scope', // RFC 6749 section 5.2
  'invalid_software_statement', // RFC 7591 section 3.2.2
  'invalid_target', // RFC 8707 section 2
  'invalid_token', // RFC 6750 section 3.1
  'login_required', // OpenID Connect Core section 3.1.2.6
  'server_error', // RFC 6749 section 4.1.2.1
  'temporarily_unavailable', // RFC 6749 section 4.1.2.1
  'unapproved_software_statement', // RFC 7591 section 3.2.2
  'unauthorized_client', // RFC 6749 section 5.2
  'unsupported_grant_type', // RFC 6749 section 5.2
  'unsupported_response_type', // RFC 6749 section 4.1.2.1
  'unsupported_token_type', // RFC 7009 section 2.2.1
  'use_dpop_nonce', // RFC 9449 section 8
])
export type OAuthErrorCode = v.InferOutput<typeof OAuthErrorCode>

/** What Sallyport's endpoints answer on failure. Descriptions are constants: nothing that a caller sent is echoed. */
export const OAuthErrorResponse = v.object({
  error: OAuthErrorCode,
  error_description: v.string(),
  type: v.string(),
  title: v.string(),
  status: v.number(),
  detail: v.string(),
})
export type OAuthErrorResponse = v.InferOutput<typeof OAuthErrorResponse>
