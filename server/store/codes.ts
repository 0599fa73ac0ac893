/**
 * Authorization codes. Redeeming one consumes it and stores the first refresh token, in one transaction.
 *
 * @see RFC 6749 section 4.1.2: a code is used once
 * @module
 */
import type { Codes } from '../core/ports.ts'
import type { AuthorizationCode } from '../core/records.ts'
import { insertEntry } from './audit-entries.ts'
import { createConsumeOnce, isUsable, type Use } from './consume-once.ts'
import { grantColumns, toGrantBeside } from './grant-row.ts'
import { insertRefreshToken, refreshTokenToRow } from './refresh-tokens.ts'
import type { CodeRow, Database } from './schema.ts'
import { type Parameter, type Statement, statement } from './statement.ts'

export function createCodes(database: Database): Codes {
  const { db } = database
  const find = statement((value: Parameter<{ hash: string }>) =>
    db
      .selectFrom('codes')
      .innerJoin('grants', 'grants.id', 'codes.grant_id')
      .selectAll('codes')
      .select(grantColumns)
      .where('codes.hash', '=', value('hash')),
  )
  const consumeOnce = createConsumeOnce(database, 'codes')
  const consume = statement((value: Parameter<Use>) =>
    db
      .updateTable('codes')
      .set({ consumed_at: value('now') })
      .where('hash', '=', value('hash'))
      .where(isUsable(database, value)),
  )
  const insert = insertRefreshToken(database)
  const note = insertEntry(database)

  return {
    async find(hash) {
      const [row] = (await database.run(find({ hash }))).rows
      return row === undefined ? null : { code: toCode(row), grant: toGrantBeside(row) }
    },

    async redeem(hash, refreshToken, now, proof = null, entry = undefined) {
      const others = refreshToken === null ? [] : [insert(refreshTokenToRow(refreshToken))]
      const outcome = await consumeOnce(hash, consume({ hash, now }), [...others, ...note(entry)], proof)
      return outcome === 'won' ? 'redeemed' : outcome
    },
  }
}

/** Stores a code. */
export const insertCode = ({ db }: Database): Statement<CodeRow, unknown> =>
  statement((value: Parameter<CodeRow>) =>
    db.insertInto('codes').values({
      hash: value('hash'),
      grant_id: value('grant_id'),
      redirect_uri: value('redirect_uri'),
      code_challenge: value('code_challenge'),
      dpop_jkt: value('dpop_jkt'),
      expires_at: value('expires_at'),
      consumed_at: value('consumed_at'),
    }),
  )

export const codeToRow = (code: AuthorizationCode): CodeRow => ({
  hash: code.hash,
  grant_id: code.grantId,
  redirect_uri: code.redirectUri,
  code_challenge: code.codeChallenge,
  dpop_jkt: code.boundTo,
  expires_at: code.expiresAt,
  consumed_at: code.consumedAt,
})

const toCode = (row: CodeRow): AuthorizationCode => ({
  hash: row.hash,
  grantId: row.grant_id,
  redirectUri: row.redirect_uri,
  codeChallenge: row.code_challenge,
  boundTo: row.dpop_jkt,
  expiresAt: row.expires_at,
  consumedAt: row.consumed_at,
})
