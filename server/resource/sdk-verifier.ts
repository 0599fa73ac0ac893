/**
 * A token verifier for servers that use the bearer middleware of an MCP SDK, on Express, Hono or bare.
 *
 * @see OAuthTokenVerifier of `@modelcontextprotocol/sdk` 1.x (server/auth/provider) and of `@modelcontextprotocol/server` 2.x
 * @module
 */
import type { AuthInfo } from './auth-info.ts'
import { isTrouble } from './events.ts'
import type { ProtectedResource } from './protect-resource.ts'

/** Fits both generations' `OAuthTokenVerifier`. */
export interface SdkVerifier {
  verifyAccessToken(token: string): Promise<AuthInfo>
}

/**
 * The resource's verification behind an SDK's interface. Each SDK answers 401 only to an error of its own class, so the caller makes
 * that error; trouble with the authorization server is any other error, which both answer with 500. Scopes and agents per
 * tool are not checked on this way: give the middleware `requiredScopes`, ask `admitsCaller` in the tool, or use `protectResource(...).serve`.
 *
 * @example sdkVerifier(notes, (message) => new InvalidTokenError(message)) // 1.x
 * @example sdkVerifier(notes, (message) => new OAuthError(OAuthErrorCode.InvalidToken, message)) // 2.x
 */
export function sdkVerifier(
  resource: Pick<ProtectedResource, 'verify'>,
  invalidToken: (message: string) => Error,
): SdkVerifier {
  return {
    async verifyAccessToken(token) {
      const verified = await resource.verify(token)
      if (verified.ok) return verified.value
      if (isTrouble(verified.error)) throw new Error('The authorization server cannot be asked right now.')
      throw invalidToken('The access token is not valid here.')
    },
  }
}
