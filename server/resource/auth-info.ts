/**
 * What a verified token says, in the shape that the request handlers of both MCP SDKs expect. The token itself is not in it.
 *
 * @see RFC 9068 section 2.2: the claims
 * @see RFC 8693 section 4.1: who acts
 * @see MCP 2026-07-28, security best practices, "Token Passthrough": a client's token never goes upstream
 * @module
 */
import type { AccessTokenClaims } from '../../shared/access-token.ts'
import { type Actor, actorsOf } from '../../shared/actor.ts'
import type { AgentClaims } from '../../shared/agent-claims.ts'
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
  extra: {
    /** For whom. */
    sub: string
    iss: string
    jti: string
    /** Who acts for them, the newest first; left out: nobody does. */
    actors?: ActorInfo[]
    /** The caller is an agent, software that acts by itself: its client id. Left out: it is none. */
    agentId?: string
    /** Where tokens were exchanged: the agents that had a part in it, the first that acted first, the caller last if it is one. */
    agentChain?: string[]
  }
}

/** Somebody who acts for the subject of a token: the newest calls now, the others called before. */
export interface ActorInfo {
  sub: string
  /** The client that they act through; the same where no person is behind it. */
  clientId?: string
}

/** The resource, as far as it shows in every `AuthInfo`. */
export interface AuthInfoContext {
  readonly resource: string
  readonly resourceMetadataUrl: string
  readonly scopeHierarchy: ScopeHierarchy
}

const toActorInfo = ({ sub, client_id }: Actor): ActorInfo => ({
  sub,
  ...(client_id === undefined ? {} : { clientId: client_id }),
})

/** `digest`: base64url(SHA-256(token)). */
export function toAuthInfo(digest: string, claims: AccessTokenClaims, context: AuthInfoContext): AuthInfo {
  return {
    // 132 bits.
    token: `sha-256:${digest.slice(0, 22)}`,
    clientId: claims.client_id,
    scopes: [...expandScopes(parseScope(claims.scope), context.scopeHierarchy)],
    expiresAt: claims.exp,
    resource: new URL(context.resource),
    resourceMetadataUrl: context.resourceMetadataUrl,
    extra: {
      sub: claims.sub,
      iss: claims.iss,
      jti: claims.jti,
      ...(claims.act === undefined ? {} : { actors: actorsOf(claims.act).map(toActorInfo) }),
      ...toAgents(claims),
    },
  }
}

const toAgents = ({ agent_id, agent_chain }: AgentClaims) => ({
  ...(agent_id === undefined ? {} : { agentId: agent_id }),
  ...(agent_chain === undefined ? {} : { agentChain: [...agent_chain] }),
})
