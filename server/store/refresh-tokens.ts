/**
 * Refresh tokens. Rotation is one guarded update and one insert, in a transaction that holds the grant: of any number of callers one
 * rotates, and none after a revocation.
 *
 * @see OAuth 2.1 section 4.3.1 (draft-ietf-oauth-v2-1-16): rotation
 * @module
 */
import type { RefreshTokens } from '../core/ports.ts'
import type { RefreshToken } from '../core/records.ts'
import { insertEntry } from './audit-entries.ts'
import { createConsumeOnce, isUsable, type Use } from './consume-once.ts'
import { grantColumns, toGrantBeside } from './grant-row.ts'
import type { Database, RefreshTokenRow } from './schema.ts'
import { type Parameter, type Statement, statement } from './statement.ts'

export function createRefreshTokens(database: Database): RefreshTokens {
  const { db } = database
  const find = statement((value: Parameter<{ hash: string }>) =>
    db
      .selectFrom('refresh_tokens')
      .innerJoin('grants', 'grants.id', 'refresh_tokens.grant_id')
      .selectAll('refresh_tokens')
      .select(grantColumns)
      .where('refresh_tokens.hash', '=', value('hash')),
  )
  const insert = insertRefreshToken(database)
  const note = insertEntry(database)
  const consumeOnce = createConsumeOnce(database, 'refresh_tokens')
  const consume = statement((value: Parameter<Use & { successor_hash: string }>) =>
    db
      .updateTable('refresh_tokens')
      // This token arrived, so nobody needs to be told of it any more.
      .set({ consumed_at: value('now'), successor_hash: value('successor_hash'), sealed_value: null })
      .where('hash', '=', value('hash'))
      .where(isUsable(database, value)),
  )

  return {
    async find(hash) {
      const [row] = (await database.run(find({ hash }))).rows
      return row === undefined ? null : { token: toRefreshToken(row), grant: toGrantBeside(row) }
    },

    async rotate({ hash, successor, now }, proof = null, entry = undefined) {
      const update = consume({ hash, now, successor_hash: successor.hash })
      const outcome = await consumeOnce(hash, update, [insert(refreshTokenToRow(successor)), ...note(entry)], proof)
      return outcome === 'won' ? 'rotated' : outcome
    },
  }
}

/** Stores a refresh token. */
export const insertRefreshToken = ({ db }: Database): Statement<RefreshTokenRow, unknown> =>
  statement((value: Parameter<RefreshTokenRow>) =>
    db.insertInto('refresh_tokens').values({
      hash: value('hash'),
      grant_id: value('grant_id'),
      created_at: value('created_at'),
      expires_at: value('expires_at'),
      consumed_at: value('consumed_at'),
      successor_hash: value('successor_hash'),
      sealed_value: value('sealed_value'),
      dpop_jkt: value('dpop_jkt'),
    }),
  )

export const refreshTokenToRow = (token: RefreshToken): RefreshTokenRow => ({
  hash: token.hash,
  grant_id: token.grantId,
  created_at: token.createdAt,
  expires_at: token.expiresAt,
  consumed_at: token.consumedAt,
  successor_hash: token.successorHash,
  sealed_value: token.sealedValue,
  dpop_jkt: token.boundTo,
})

const toRefreshToken = (row: RefreshTokenRow): RefreshToken => ({
  hash: row.hash,
  grantId: row.grant_id,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  consumedAt: row.consumed_at,
  successorHash: row.successor_hash,
  sealedValue: row.sealed_value,
  boundTo: row.dpop_jkt,
})
