/**
 * Refresh tokens. Rotation is one guarded update (the answer goes into the same statement) and one insert, in a transaction that
 * holds the grant: of any number of callers one rotates, and none after a revocation.
 *
 * @see OAuth 2.1 section 4.3.1 (draft-ietf-oauth-v2-1-16): rotation
 * @module
 */
import type { RefreshTokens } from '../core/ports.ts'
import type { RefreshToken } from '../core/records.ts'
import { fromJson, toJson } from './json.ts'
import { holdLiveGrant } from './live-grant.ts'
import type { Database, RefreshTokenRow } from './schema.ts'

export const createRefreshTokens = ({ engine, db }: Database): RefreshTokens => ({
  async find(hash) {
    const row = await db.selectFrom('refresh_tokens').selectAll().where('hash', '=', hash).executeTakeFirst()
    return row === undefined ? null : toRefreshToken(row)
  },

  async rotate({ hash, successor, sealedAnswer, now }) {
    return db.transaction().execute(async (transaction) => {
      const token = await transaction
        .selectFrom('refresh_tokens')
        .select('grant_id')
        .where('hash', '=', hash)
        .executeTakeFirst()
      if (token === undefined) return 'dead'
      if (!(await holdLiveGrant({ engine, db: transaction }, token.grant_id, now))) return 'dead'

      const { numUpdatedRows } = await transaction
        .updateTable('refresh_tokens')
        .set({ consumed_at: now, successor_hash: successor.hash, sealed_answer: sealedAnswer })
        .where('hash', '=', hash)
        .where('consumed_at', 'is', null)
        .where('expires_at', '>', now)
        .executeTakeFirst()
      if (numUpdatedRows === 0n) {
        const loser = await transaction
          .selectFrom('refresh_tokens')
          .select('consumed_at')
          .where('hash', '=', hash)
          .executeTakeFirst()
        return loser?.consumed_at == null ? 'dead' : 'consumed'
      }
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
