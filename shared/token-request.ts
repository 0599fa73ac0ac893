/**
 * The token request: one variant for each grant type.
 *
 * @see RFC 6749 section 4.1.3 (authorization code), section 6 (refresh), section 4.4.2 (client credentials)
 * @see RFC 7523 section 2.1: JWT bearer
 * @see RFC 8707 section 2.2: `resource`
 * @module
 */
import * as v from 'valibot'
import { clientAuthentication } from './client-authentication.ts'
import { JWT_BEARER_GRANT } from './grant-names.ts'
import { CodeVerifier } from './pkce-syntax.ts'
import { ResourceParameter } from './resource-parameter.ts'
import { TokenExchangeRequest } from './token-exchange.ts'

const common = {
  ...clientAuthentication,
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

export const ClientCredentialsRequest = v.object({
  grant_type: v.literal('client_credentials'),
  scope: v.optional(v.string()),
  ...common,
})
export type ClientCredentialsRequest = v.InferOutput<typeof ClientCredentialsRequest>

export { JWT_BEARER_GRANT } from './grant-names.ts'

export const JwtBearerRequest = v.object({
  grant_type: v.literal(JWT_BEARER_GRANT),
  assertion: v.string(),
  scope: v.optional(v.string()),
  ...common,
})
export type JwtBearerRequest = v.InferOutput<typeof JwtBearerRequest>

export const TokenRequest = v.variant('grant_type', [
  AuthorizationCodeRequest,
  RefreshTokenRequest,
  ClientCredentialsRequest,
  JwtBearerRequest,
  TokenExchangeRequest,
])
export type TokenRequest = v.InferOutput<typeof TokenRequest>
