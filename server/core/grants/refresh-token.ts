/**
 * The `refresh_token` grant: rotation on every use, and a family that dies when a consumed token comes back.
 *
 * Lost answers and racing processes also bring consumed tokens back. So, for a few seconds (the replay window) and only while the
 * successor is unused, the same client is told the same successor again, with an access token of its own.
 *
 * @see OAuth 2.1 section 4.3.1 (draft-ietf-oauth-v2-1-16)
 * @see RFC 9449 section 5: bound to the key, for public clients
 * @see docs/adr/0040-refresh-replay-window.md
 * @module
 */
import { ok, type Result } from '../../../shared/result.ts'
import { expandScopes, includesScopes, parseScope } from '../../../shared/scope.ts'
import type { RefreshTokenRequest } from '../../../shared/token-request.ts'
import { agentsBehind } from '../agents.ts'
import { auditEntry } from '../audit.ts'
import type { Dependencies } from '../dependencies.ts'
import { partiesOf, revokeGrant } from '../live-grant.ts'
import { withoutOfflineAccess } from '../offline-access.ts'
import type { Client, Grant, RefreshToken, Resource } from '../records.ts'
import { type Rejection, reject } from '../rejection.ts'
import {
  admitResource,
  checkBoundTo,
  type ProofUsed,
  refreshTokenKey,
  refuseUsing,
  type Sender,
  usedWith,
  useProof,
} from '../sender.ts'
import { hashOpaqueToken } from '../tokens/opaque-token.ts'
import { createRefreshToken } from '../tokens/refresh-token.ts'
import { checkSameResource } from './authorization-code.ts'
import type { Entitlement, GrantType } from './grant-type.ts'

export const refreshToken: GrantType<'refresh_token'> = {
  type: 'refresh_token',

  async authorize(request, client, sender, deps) {
    const { store, hash, now } = deps
    const presented = await store.refreshTokens.find(await hashOpaqueToken(request.refresh_token, hash))
    if (presented === null) return refuseUsing(sender, { reason: 'unknown_refresh_token' }, deps)
    const { token, grant } = presented
    const live = checkRefreshToken(token, grant, { client, sender }, now())
    if (!live.ok) return refuseUsing(sender, live.error, deps)
    if (token.consumedAt !== null) {
      const proof = await useProof(sender, deps)
      return proof.ok ? replayOrRevoke(presented, request, { client, sender }, proof.value, deps) : proof
    }
    const wanted = checkRequest(grant, request, sender, await store.resources.list())
    if (!wanted.ok) return refuseUsing(sender, wanted.error, deps)

    const boundTo = refreshTokenKey(client, sender, token.boundTo)
    const successor = await createRefreshToken(grant, boundTo, deps, request.refresh_token)
    const entry = auditEntry({ type: 'token_refreshed', ...partiesOf(grant), ...agentsBehind(client) }, deps)
    // Many may pass the checks; this line lets one through, and it comes before minting.
    const rotation = { hash: token.hash, successor: successor.record, now: now() }
    const outcome = await store.refreshTokens.rotate(rotation, sender?.proof ?? null, entry)
    switch (outcome) {
      case 'rotated':
        return ok({ grant, ...wanted.value, proof: usedWith(outcome), refreshToken: successor.value, entry })
      case 'consumed':
        return replayLost(token, request, { client, sender }, usedWith(outcome), deps)
      case 'dead':
        return reject('dead_grant')
      case 'replayed':
        return reject('replayed_dpop_proof')
    }
  },
}

/** Pure. Whose token it is comes first: shown by another client, or without its key, nothing is revoked. */
export function checkRefreshToken(
  token: RefreshToken,
  grant: Grant,
  { client, sender }: Caller,
  now: number,
): Result<null, Rejection> {
  if (grant.clientId !== client.id) return reject('client_mismatch')
  const held = checkBoundTo(token.boundTo, sender)
  if (!held.ok) return held
  if (grant.revokedAt !== null) return reject('dead_grant')
  // An expired token that was consumed long ago is still a reuse; one that was never used is merely late.
  const expired = grant.expiresAt <= now || (token.consumedAt === null && token.expiresAt <= now)
  return expired ? reject('expired_refresh_token') : ok(null)
}

/** Pure. What the new access token is for: the scopes of the grant, or those asked for and what they imply, within it. */
export function checkRequest(
  grant: Grant,
  request: RefreshTokenRequest,
  sender: Sender,
  resources: readonly Resource[],
): Result<Pick<Entitlement, 'admission' | 'scopes'>, Rejection> {
  const resource = checkSameResource(grant.resource, request.resource, resources)
  if (!resource.ok) return resource
  const admission = admitResource(resource.value, sender)
  if (!admission.ok) return admission
  const asked = withoutOfflineAccess(parseScope(request.scope))
  if (asked.length === 0) return ok({ admission: admission.value, scopes: grant.scopes })
  if (!includesScopes(grant.scopes, asked)) return reject('scope_beyond_grant')
  // What the hierarchy gained since the consent stays out.
  const implied = expandScopes(asked, resource.value.scopeHierarchy)
  return ok({ admission: admission.value, scopes: implied.filter((scope) => grant.scopes.includes(scope)) })
}

/** Who asks. */
interface Caller {
  readonly client: Client
  readonly sender: Sender
}

/** A refresh token together with its grant, as they were read. */
interface Presented {
  readonly token: RefreshToken
  readonly grant: Grant
}

/** Pure. The sealed value of the successor that the bearer of a consumed token may be told once more; null: none. */
export function replayable(token: RefreshToken, next: Presented | null, window: number, now: number): string | null {
  const inTime =
    token.consumedAt !== null &&
    window > 0 &&
    // Whole seconds: a difference equal to the window can be just below it, and must not cost a session.
    now - token.consumedAt <= window
  // Read after the token: the grant may have ended in between.
  return inTime && next !== null && next.grant.revokedAt === null && next.token.consumedAt === null
    ? next.token.sealedValue
    : null
}

/** Someone was faster with the same token: the replay window decides. */
async function replayLost(
  { hash }: RefreshToken,
  request: RefreshTokenRequest,
  caller: Caller,
  proof: ProofUsed,
  deps: Dependencies,
) {
  const consumed = await deps.store.refreshTokens.find(hash)
  return consumed === null ? reject('unknown_refresh_token') : replayOrRevoke(consumed, request, caller, proof, deps)
}

/** The same, of a token that was consumed. */
export async function sealedSuccessor(
  token: RefreshToken,
  { store, settings, now }: Dependencies,
): Promise<string | null> {
  const next = token.successorHash === null ? null : await store.refreshTokens.find(token.successorHash)
  return replayable(token, next, settings.replayWindow, now())
}

async function replayOrRevoke(
  { token, grant }: Presented,
  request: RefreshTokenRequest,
  caller: Caller,
  proof: ProofUsed,
  deps: Dependencies,
): Promise<Result<Entitlement, Rejection>> {
  const sealed = await sealedSuccessor(token, deps)
  if (sealed !== null) {
    const wanted = checkRequest(grant, request, caller.sender, await deps.store.resources.list())
    if (!wanted.ok) return wanted
    const value = await deps.sealer.open(sealed, request.refresh_token)
    if (value !== null) {
      const entry = auditEntry({ type: 'refresh_replayed', ...partiesOf(grant), ...agentsBehind(caller.client) }, deps)
      return ok({ grant, ...wanted.value, proof, refreshToken: value, entry })
    }
  }
  await revokeGrant(grant, 'refresh_reused', deps)
  return reject('reused_refresh_token')
}
