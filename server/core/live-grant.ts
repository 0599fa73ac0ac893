/**
 * Whether a grant still counts, and a person's way to end one of theirs.
 *
 * @see docs/adr/0046-access-token-ids.md
 * @module
 */
import type { Dependencies } from './dependencies.ts'
import { grantOfAccessToken } from './tokens/access-token-id.ts'

/** Whether an access token of ours still counts: its grant is live, and it was not revoked by itself. */
export async function isLive({ jti }: { readonly jti: string }, { store }: Dependencies): Promise<boolean> {
  if (await store.revokedTokens.has(jti)) return false
  const grant = await store.grants.find(grantOfAccessToken(jti))
  return grant !== null && grant.revokedAt === null
}

/** Ends a grant and forgets the consent behind it. False: it is not this person's, or gone already. */
export async function withdrawGrant(grantId: string, userId: string, deps: Dependencies): Promise<boolean> {
  const { store, now, audit } = deps
  const grant = await store.grants.find(grantId)
  if (grant === null || grant.userId !== userId) return false
  await store.consents.forget(userId, grant.clientId, grant.resource)
  const revoked = await store.grants.revoke(grantId, now())
  if (revoked) audit({ type: 'grant_revoked', grantId, reason: 'user' })
  return revoked
}
