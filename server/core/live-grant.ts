/**
 * Whether a grant still counts, and how it is ended.
 *
 * @see docs/adr/0046-access-token-ids.md
 * @module
 */
import { type Act, auditEntry } from './audit.ts'
import type { Dependencies } from './dependencies.ts'
import { FIRST_CALL_WITHIN, type RefusedCall } from './flow.ts'
import type { Grant } from './records.ts'
import { type Ancestry, ancestryOf, grantOfAccessToken, stemOf } from './tokens/access-token-id.ts'

/** Whether an access token of ours still counts: it was not revoked by itself, and what it rests on is still there. */
export async function isLive(
  { jti, client_id = '' }: { readonly jti: string; readonly client_id?: string },
  deps: Dependencies,
): Promise<boolean> {
  const { store, now, trace } = deps
  const ancestry = ancestryOf(jti)
  if (await store.revokedTokens.has(ancestry === null ? jti : stemOf(jti))) {
    await traceRefusedToken(jti, 'token_revoked', deps)
    return false
  }
  if (ancestry !== null) return (await areLive(ancestry, deps)) && (await store.clients.find(client_id)) !== null
  const grantId = grantOfAccessToken(jti)
  if (grantId === null) return (await store.clients.find(client_id)) !== null
  const grant = await store.grants.find(grantId)
  // A client whose publisher is no longer admitted is unknown, and its grants are still there.
  const live = grant !== null && grant.revokedAt === null && (await store.clients.find(grant.clientId)) !== null
  if (live && trace !== undefined && now() - grant.createdAt < FIRST_CALL_WITHIN) {
    const { clientId, resource } = grant
    trace({ event: { type: 'resource_called', grantId, clientId, resource }, at: now(), requestId: null })
  }
  if (!live && grant !== null) traceRefusedCall(grant, 'grant_revoked', deps)
  return live
}

/** Whether everything that a token was made from still counts: any of it that ended, ends it. */
async function areLive({ tokens, grantIds, clientIds }: Ancestry, { store }: Dependencies): Promise<boolean> {
  const revoked = Promise.all(tokens.map((token) => store.revokedTokens.has(token)))
  const grants = await Promise.all(grantIds.map((id) => store.grants.find(id)))
  const isEnded = (grant: Grant | null): boolean => grant === null || grant.revokedAt !== null
  if (grants.some(isEnded) || (await revoked).includes(true)) return false
  const holders = [...clientIds, ...grants.flatMap((grant) => (grant === null ? [] : [grant.clientId]))]
  const clients = await Promise.all([...new Set(holders)].map((id) => store.clients.find(id)))
  return !clients.includes(null)
}

/** Tells the flow trace that a resource came with a token that is worth nothing, if it may have been the first call. */
export function traceRefusedCall(grant: Grant, reason: RefusedCall, deps: Dependencies): void {
  if (deps.trace === undefined || deps.now() - grant.createdAt >= FIRST_CALL_WITHIN) return
  const { id: grantId, clientId, resource } = grant
  deps.trace(auditEntry({ type: 'resource_refused', reason, grantId, clientId, resource }, deps))
}

/** The same, of an access token of ours. Whoever is refused waits for one look-up more. */
export async function traceRefusedToken(jti: string, reason: RefusedCall, deps: Dependencies): Promise<void> {
  const grantId = deps.trace === undefined ? null : grantOfAccessToken(jti)
  const grant = grantId === null ? null : await deps.store.grants.find(grantId)
  if (grant !== null) traceRefusedCall(grant, reason, deps)
}

/** Ends a grant. False: it was ended before. */
export async function revokeGrant(
  grant: Grant,
  reason: Extract<Act, { type: 'grant_revoked' }>['reason'],
  deps: Dependencies,
): Promise<boolean> {
  const entry = auditEntry({ type: 'grant_revoked', reason, ...partiesOf(grant) }, deps)
  const revoked = await deps.store.grants.revoke(grant.id, deps.now(), entry)
  if (revoked) deps.audit(entry)
  return revoked
}

/** What the audit log says of a grant. */
export const partiesOf = ({ id, userId, clientId, resource }: Grant) => ({ grantId: id, userId, clientId, resource })

/** Ends a grant and forgets the consent behind it. False: it is not this person's, or gone already. */
export async function withdrawGrant(grantId: string, userId: string, deps: Dependencies): Promise<boolean> {
  const { store } = deps
  const grant = await store.grants.find(grantId)
  if (grant === null || grant.userId !== userId) return false
  const { clientId, resource } = grant
  const entry = auditEntry({ type: 'consent_forgotten', userId, clientId, resource }, deps)
  await store.consents.forget(userId, clientId, resource, entry)
  return revokeGrant(grant, 'user', deps)
}
