/**
 * Making refresh tokens: opaque, stored only as hashes, each with an idle lifetime. The end of its grant ends it as well.
 *
 * @see OAuth 2.1 section 4.3 (draft-ietf-oauth-v2-1-16)
 * @module
 */
import type { Dependencies } from '../dependencies.ts'
import type { Grant, RefreshToken } from '../records.ts'
import { createOpaqueToken, hashOpaqueToken } from './opaque-token.ts'

/** The value goes to the client, the record to the store. */
export interface NewRefreshToken {
  readonly value: string
  readonly record: RefreshToken
}

/** `boundTo`: the thumbprint of the key that its bearer must hold. `predecessor`: whoever holds it may be told the new one again for a while. */
export async function createRefreshToken(
  grant: Grant,
  boundTo: string | null,
  deps: Dependencies,
  predecessor?: string,
): Promise<NewRefreshToken> {
  const { hash, sealer, settings, now } = deps
  const at = now()
  const value = createOpaqueToken(deps)
  const tellAgain = predecessor !== undefined && settings.replayWindow > 0
  return {
    value,
    record: {
      hash: await hashOpaqueToken(value, hash),
      grantId: grant.id,
      createdAt: at,
      expiresAt: at + settings.refreshIdleLifetime,
      consumedAt: null,
      successorHash: null,
      boundTo,
      sealedValue: tellAgain ? await sealer.seal(value, predecessor) : null,
    },
  }
}
