/**
 * Refresh tokens. Rotation is one guarded update (the answer goes into the same statement) and one insert, in a transaction that
 * holds the grant: of any number of callers one rotates, and none after a revocation.
 *
 * @see OAuth 2.1 section 4.3.1 (draft-ietf-oauth-v2-1-16): rotation
 * @module
 */
import type { RefreshTokens } from '../core/ports.ts'
import type { RefreshToken } from '../core/records.ts'
import { createConsumeOnce } from './consume-once.ts'
import { fromJson, toJson } from './json.ts'
import type { Database, RefreshTokenRow } from './schema.ts'
import { type Parameter, type Statement, statement } from './statement.ts'

export function createRefreshTokens(database: Database): RefreshTokens {
  const { db } = database
  const find = statement(db, (value: Parameter<{ hash: string }>) =>
    db.selectFrom('refresh_tokens').selectAll().where('hash', '=', value('hash')),
  )
  const insert = insertRefreshToken(database)
  const consumeOnce = createConsumeOnce(
    database,
    'refresh_tokens',
    statement(db, (value: Parameter<Rotation>) =>
      db
        .updateTable('refresh_tokens')
        .set({
          consumed_at: value('now'),
          successor_hash: value('successor_hash'),
          sealed_answer: value('sealed_answer'),
        })
        .where('hash', '=', value('hash'))
        .where('consumed_at', 'is', null)
        .where('expires_at', '>', value('now')),
    ),
  )
  const forgetAnswer = statement(db, (value: Parameter<{ successor_hash: string }>) =>
    db.updateTable('refresh_tokens').set({ sealed_answer: null }).where('successor_hash', '=', value('successor_hash')),
  )

  return {
    async find(hash) {
      const [row] = (await find({ hash })).rows
      return row === undefined ? null : toRefreshToken(row)
    },

    async rotate({ hash, successor, sealedAnswer, now }) {
      return db.transaction().execute(async (transaction) => {
        const values = { hash, now, successor_hash: successor.hash, sealed_answer: sealedAnswer }
        const outcome = await consumeOnce(transaction, values)
        if (outcome !== 'won') return outcome
        await insert(refreshTokenToRow(successor), transaction)
        // This token arrived, so nobody needs the answer that brought it any more.
        await forgetAnswer({ successor_hash: hash }, transaction)
        return 'rotated'
      })
    },
  }
}

interface Rotation {
  readonly hash: string
  readonly now: number
  readonly successor_hash: string
  readonly sealed_answer: string | null
}

/** Stores a refresh token. */
export const insertRefreshToken = ({ db }: Database): Statement<RefreshTokenRow, unknown> =>
  statement(db, (value: Parameter<RefreshTokenRow>) =>
    db.insertInto('refresh_tokens').values({
      hash: value('hash'),
      grant_id: value('grant_id'),
      client_id: value('client_id'),
      resource: value('resource'),
      scopes: value('scopes'),
      created_at: value('created_at'),
      expires_at: value('expires_at'),
      consumed_at: value('consumed_at'),
      successor_hash: value('successor_hash'),
      sealed_answer: value('sealed_answer'),
    }),
  )

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
