/**
 * The authorization request: what a client puts into the browser's query string.
 *
 * @see OAuth 2.1 section 4.1.1 (draft-ietf-oauth-v2-1-16)
 * @see RFC 8707 section 2.1: `resource`
 * @see RFC 9449 section 10: `dpop_jkt`
 * @see OpenID Connect Core 1.0 section 3.1.2.1: `prompt`
 * @module
 */
import * as v from 'valibot'
import { ResourceParameter } from './resource-parameter.ts'

/**
 * The shape only: every parameter at most once, `resource` excepted; unknown ones are ignored. What each value must be is
 * decided check by check, because the answer to a bad value depends on which earlier values were good.
 */
export const AuthorizationRequest = v.object({
  response_type: v.optional(v.string()),
  client_id: v.optional(v.string()),
  redirect_uri: v.optional(v.string()),
  scope: v.optional(v.string()),
  state: v.optional(v.string()),
  code_challenge: v.optional(v.string()),
  code_challenge_method: v.optional(v.string()),
  resource: v.optional(ResourceParameter),
  prompt: v.optional(v.string()),
  response_mode: v.optional(v.string()),
  dpop_jkt: v.optional(v.string()),
})
export type AuthorizationRequest = v.InferOutput<typeof AuthorizationRequest>
