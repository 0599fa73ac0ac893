/**
 * The token request: one variant for each grant type.
 *
 * @see RFC 6749 section 4.1.3 (authorization code), section 6 (refresh), section 2.3.1 (client credentials in the body)
 * @see RFC 8707 section 2.2: `resource`
 * @module
 */
import * as v from 'valibot'
import { CodeVerifier } from './pkce.ts'
import { ResourceParameter } from './resource-parameter.ts'

const common = {
  client_id: v.optional(v.string()),
  client_secret: v.optional(v.string()),
  resource: v.optional(ResourceParameter),
}

export const AuthorizationCodeRequest = v.object({
  grant_type: v.literal('authorization_code'),
  code: v.string(),
  code_verifier: CodeVerifier,
  redirect_uri: v.optional(v.string()),
  ...common,
})
export type AuthorizationCodeRequest = v.InferOutput<typeof AuthorizationCodeRequest>

export const RefreshTokenRequest = v.object({
  grant_type: v.literal('refresh_token'),
  refresh_token: v.string(),
  scope: v.optional(v.string()),
  ...common,
})
export type RefreshTokenRequest = v.InferOutput<typeof RefreshTokenRequest>

export const TokenRequest = v.variant('grant_type', [AuthorizationCodeRequest, RefreshTokenRequest])
export type TokenRequest = v.InferOutput<typeof TokenRequest>
