/**
 * Refresh tokens. Rotation is one guarded update (the answer goes into the same statement) and one insert, in a transaction that
 * holds the grant: of any number of callers one rotates, and none after a revocation.
 *
 * @see OAuth 2.1 section 4.3.1 (draft-ietf-oauth-v2-1-16): rotation
 * @module
 */
import type { RefreshTokens } from '../core/ports.ts'
import type { RefreshToken } from '../core/records.ts'
import { consumeOnce } from './consume-once.ts'
import { fromJson, toJson } from './json.ts'
import type { Database, RefreshTokenRow } from './schema.ts'

export const createRefreshTokens = ({ engine, db }: Database): RefreshTokens => ({
  async find(hash) {
    const row = await db.selectFrom('refresh_tokens').selectAll().where('hash', '=', hash).executeTakeFirst()
    return row === undefined ? null : toRefreshToken(row)
  },

  async rotate({ hash, successor, sealedAnswer, now }) {
    return db.transaction().execute(async (transaction) => {
      const alsoSet = { successor_hash: successor.hash, sealed_answer: sealedAnswer }
      const outcome = await consumeOnce({ engine, db: transaction }, 'refresh_tokens', hash, now, alsoSet)
      if (outcome !== 'won') return outcome
      await transaction.insertInto('refresh_tokens').values(refreshTokenToRow(successor)).execute()
      // This token arrived, so nobody needs the answer that brought it any more.
      await transaction
        .updateTable('refresh_tokens')
        .set({ sealed_answer: null })
        .where('successor_hash', '=', hash)
        .execute()
      return 'rotated'
    })
  },
})

export const refreshTokenToRow = (token: RefreshToken): RefreshTokenRow => ({
  hash: token.hash,
  grant_id: token.grantId,
  client_id: token.clientId,
  resource: token.resource,
  scopes: toJson(token.scopes),
  created_at: token.createdAt,
  expires_at: token.expiresAt,
  consumed_at: token.consumedAt,
  successor_hash: token.successorHash,
  sealed_answer: token.sealedAnswer,
})

const toRefreshToken = (row: RefreshTokenRow): RefreshToken => ({
  hash: row.hash,
  grantId: row.grant_id,
  clientId: row.client_id,
  resource: row.resource,
  scopes: fromJson(row.scopes),
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  consumedAt: row.consumed_at,
  successorHash: row.successor_hash,
  sealedAnswer: row.sealed_answer,
})
