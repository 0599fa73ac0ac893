/**
 * Introspection: what a token is worth right now, for the client that it was issued to and the resource that it is for. For everyone
 * else, no token is active.
 *
 * @see RFC 7662 section 2 and section 4
 * @see RFC 9449 section 6.2: the key that a token is bound to
 * @see RFC 8693 section 4.1: who acts
 * @see docs/adr/0203-agents.md
 * @see docs/adr/0101-introspection.md
 * @module
 */
import type { IntrospectionRequest } from '../../shared/introspection-request.ts'
import type { IntrospectionResponse } from '../../shared/introspection-response.ts'
import { ok, type Result } from '../../shared/result.ts'
import { formatScope } from '../../shared/scope.ts'
import { auditEntry } from './audit.ts'
import { claimsOf } from './claimed.ts'
import { authenticateClient } from './client-auth/authenticate-client.ts'
import type { ClientAuthMethod } from './client-auth/client-auth-method.ts'
import { isConfidential } from './client-auth/is-confidential.ts'
import type { Dependencies } from './dependencies.ts'
import { isLive, traceRefusedCall, traceRefusedToken } from './live-grant.ts'
import type { Client } from './records.ts'
import { type Rejection, reject } from './rejection.ts'
import { hashOpaqueToken } from './tokens/opaque-token.ts'

/** Says nothing of why: unknown, expired, revoked and none of the caller's business look alike. */
const INACTIVE: IntrospectionResponse = { active: false }

export async function introspect(
  request: IntrospectionRequest,
  authorization: string | null,
  methods: readonly ClientAuthMethod[],
  deps: Dependencies,
): Promise<Result<IntrospectionResponse, Rejection>> {
  const tools = { methods, clients: deps.store.clients, hash: deps.hash, now: deps.now() }
  const client = await authenticateClient({ ...request, authorization }, tools)
  // RFC 7662 section 2.1: otherwise anyone could try tokens here.
  const caller = client.ok && !isConfidential(client.value) ? reject('client_is_public') : client
  if (!caller.ok) {
    const known = client.ok ? { clientId: client.value.id } : {}
    const entry = auditEntry({ type: 'introspection_rejected', ...caller.error, ...known }, deps)
    deps.audit({ ...entry, claimed: claimsOf(request, authorization) })
    return caller
  }
  return ok(await describeToken(request.token, caller.value, deps))
}

/** The request's hint would only save a look-up: both kinds are tried. */
async function describeToken(token: string, caller: Client, deps: Dependencies): Promise<IntrospectionResponse> {
  return (
    (await describeAccessToken(token, caller, deps)) ?? (await describeRefreshToken(token, caller, deps)) ?? INACTIVE
  )
}

async function describeAccessToken(token: string, caller: Client, deps: Dependencies) {
  const claims = await deps.signer.readAccessToken(token)
  if (claims === null) return null
  const { iss, sub, aud, client_id, scope, iat, exp, jti, cnf, act, agent_id, agent_chain } = claims
  const concerned = client_id === caller.id || (caller.resource !== null && [aud].flat().includes(caller.resource))
  if (!concerned || exp <= deps.now()) {
    const reason = concerned ? 'token_expired' : 'token_of_another_resource'
    if (isResource(caller, client_id)) await traceRefusedToken(jti, reason, deps)
    return INACTIVE
  }
  if (!(await isLive(claims, deps))) return INACTIVE
  return {
    active: true,
    token_type: cnf === undefined ? 'Bearer' : 'DPoP',
    ...{ iss, sub, aud, client_id, iat, exp, jti },
    ...(scope === undefined ? {} : { scope }),
    ...(cnf === undefined ? {} : { cnf }),
    ...(act === undefined ? {} : { act }),
    ...(agent_id === undefined ? {} : { agent_id }),
    ...(agent_chain === undefined ? {} : { agent_chain }),
  } satisfies IntrospectionResponse
}

/** Whether this is the call of a resource, and not a client that looks at its own token. */
const isResource = (caller: Client, clientId: string): boolean => caller.resource !== null && caller.id !== clientId

/** For its own client only: a resource has no business with it. */
async function describeRefreshToken(value: string, caller: Client, deps: Dependencies) {
  const { store, settings, hash, now } = deps
  const presented = await store.refreshTokens.find(await hashOpaqueToken(value, hash))
  if (presented === null) return null
  if (isResource(caller, presented.grant.clientId)) traceRefusedCall(presented.grant, 'refresh_token_presented', deps)
  if (presented.grant.clientId !== caller.id) return null
  const { token, grant } = presented
  const exp = Math.min(token.expiresAt, grant.expiresAt)
  if (token.consumedAt !== null || grant.revokedAt !== null || exp <= now()) return null
  return {
    active: true,
    iss: settings.issuer,
    sub: grant.userId,
    aud: grant.resource,
    client_id: grant.clientId,
    scope: formatScope(grant.scopes),
    iat: token.createdAt,
    exp,
  } satisfies IntrospectionResponse
}
