/**
 * Making refresh tokens: opaque, stored only as hashes, each with an idle lifetime. The end of its grant ends it as well.
 *
 * @see OAuth 2.1 section 4.3 (draft-ietf-oauth-v2-1-16)
 * @module
 */
import type { Dependencies } from '../dependencies.ts'
import type { Grant, RefreshToken } from '../records.ts'

/** The value goes to the client, the record to the store. */
export interface NewRefreshToken {
  readonly value: string
  readonly record: RefreshToken
}

export async function createRefreshToken(grant: Grant, deps: Dependencies): Promise<NewRefreshToken> {
  const at = deps.now()
  const value = deps.random()
  return {
    value,
    record: {
      hash: await deps.hash(value),
      grantId: grant.id,
      clientId: grant.clientId,
      resource: grant.resource,
      scopes: grant.scopes,
      createdAt: at,
      expiresAt: at + deps.settings.refreshIdleLifetime,
      consumedAt: null,
      successorHash: null,
      sealedAnswer: null,
    },
  }
}
