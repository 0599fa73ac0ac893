/**
 * Authorization codes. Redeeming one consumes it and stores the first refresh token, in one transaction.
 *
 * @see RFC 6749 section 4.1.2: a code is used once
 * @module
 */
import type { Codes } from '../core/ports.ts'
import type { AuthorizationCode } from '../core/records.ts'
import { createConsumeOnce } from './consume-once.ts'
import { fromJson, toJson } from './json.ts'
import { insertRefreshToken, refreshTokenToRow } from './refresh-tokens.ts'
import type { CodeRow, Database } from './schema.ts'
import { type Parameter, type Statement, statement } from './statement.ts'

export function createCodes(database: Database): Codes {
  const { db } = database
  const find = statement(db, (value: Parameter<{ hash: string }>) =>
    db.selectFrom('codes').selectAll().where('hash', '=', value('hash')),
  )
  const consumeOnce = createConsumeOnce(
    database,
    'codes',
    statement(db, (value: Parameter<{ hash: string; now: number }>) =>
      db
        .updateTable('codes')
        .set({ consumed_at: value('now') })
        .where('hash', '=', value('hash'))
        .where('consumed_at', 'is', null)
        .where('expires_at', '>', value('now')),
    ),
  )
  const insert = insertRefreshToken(database)

  return {
    async find(hash) {
      const [row] = (await find({ hash })).rows
      return row === undefined ? null : toCode(row)
    },

    async redeem(hash, refreshToken, now) {
      return db.transaction().execute(async (transaction) => {
        const outcome = await consumeOnce(transaction, { hash, now })
        if (outcome !== 'won') return outcome
        if (refreshToken !== null) await insert(refreshTokenToRow(refreshToken), transaction)
        return 'redeemed'
      })
    },
  }
}

/** Stores a code. */
export const insertCode = ({ db }: Database): Statement<CodeRow, unknown> =>
  statement(db, (value: Parameter<CodeRow>) =>
    db.insertInto('codes').values({
      hash: value('hash'),
      grant_id: value('grant_id'),
      client_id: value('client_id'),
      redirect_uri: value('redirect_uri'),
      code_challenge: value('code_challenge'),
      resource: value('resource'),
      scopes: value('scopes'),
      expires_at: value('expires_at'),
      consumed_at: value('consumed_at'),
    }),
  )

export const codeToRow = (code: AuthorizationCode): CodeRow => ({
  hash: code.hash,
  grant_id: code.grantId,
  client_id: code.clientId,
  redirect_uri: code.redirectUri,
  code_challenge: code.codeChallenge,
  resource: code.resource,
  scopes: toJson(code.scopes),
  expires_at: code.expiresAt,
  consumed_at: code.consumedAt,
})

const toCode = (row: CodeRow): AuthorizationCode => ({
  hash: row.hash,
  grantId: row.grant_id,
  clientId: row.client_id,
  redirectUri: row.redirect_uri,
  codeChallenge: row.code_challenge,
  resource: row.resource,
  scopes: fromJson(row.scopes),
  expiresAt: row.expires_at,
  consumedAt: row.consumed_at,
})
