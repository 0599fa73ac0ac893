/**
 * What a verified token says, in the shape that the request handlers of both MCP SDKs expect. The token itself is not in it.
 *
 * @see RFC 9068 section 2.2: the claims
 * @see MCP 2026-07-28, security best practices, "Token Passthrough": a client's token never goes upstream
 * @module
 */
import { base64url } from 'jose'
import type { AccessTokenClaims } from '../../shared/access-token.ts'
import { expandScopes, parseScope, type ScopeHierarchy } from '../../shared/scope.ts'

/** Assignable to the `AuthInfo` of `@modelcontextprotocol/sdk` 1.x and of `@modelcontextprotocol/server` 2.x. */
export interface AuthInfo {
  /** A fingerprint of the token, good for correlating log lines and for nothing else. */
  token: string
  clientId: string
  /** Everything that the token allows: what was granted, and what that implies by the declared hierarchy. */
  scopes: string[]
  /** Seconds since the epoch. */
  expiresAt: number
  resource: URL
  resourceMetadataUrl: string
  extra: { sub: string; iss: string; jti: string }
}

/** The resource, as far as it shows in every `AuthInfo`. */
export interface AuthInfoContext {
  readonly resource: string
  readonly resourceMetadataUrl: string
  readonly scopeHierarchy: ScopeHierarchy
}

export async function toAuthInfo(
  token: string,
  claims: AccessTokenClaims,
  context: AuthInfoContext,
): Promise<AuthInfo> {
  return {
    token: await fingerprint(token),
    clientId: claims.client_id,
    scopes: [...expandScopes(parseScope(claims.scope), context.scopeHierarchy)],
    expiresAt: claims.exp,
    resource: new URL(context.resource),
    resourceMetadataUrl: context.resourceMetadataUrl,
    extra: { sub: claims.sub, iss: claims.iss, jti: claims.jti },
  }
}

/** `sha-256:` and 22 characters (132 bits) of the hash. */
async function fingerprint(token: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token))
  return `sha-256:${base64url.encode(new Uint8Array(hash)).slice(0, 22)}`
}
