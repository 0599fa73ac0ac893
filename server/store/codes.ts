/**
 * Authorization codes. Redeeming one is a guarded update: of any number of callers, one changes the row.
 *
 * @see RFC 6749 section 4.1.2: a code is used once
 * @module
 */
import type { Codes } from '../core/ports.ts'
import type { AuthorizationCode } from '../core/records.ts'
import { fromJson, toJson } from './json.ts'
import { holdLiveGrant } from './live-grant.ts'
import { refreshTokenToRow } from './refresh-tokens.ts'
import type { CodeRow, Database } from './schema.ts'

export const createCodes = ({ engine, db }: Database): Codes => ({
  async find(hash) {
    const row = await db.selectFrom('codes').selectAll().where('hash', '=', hash).executeTakeFirst()
    return row === undefined ? null : toCode(row)
  },

  async redeem(hash, refreshToken, now) {
    return db.transaction().execute(async (transaction) => {
      const code = await transaction.selectFrom('codes').select('grant_id').where('hash', '=', hash).executeTakeFirst()
      if (code === undefined) return 'dead'
      if (!(await holdLiveGrant({ engine, db: transaction }, code.grant_id, now))) return 'dead'

      const { numUpdatedRows } = await transaction
        .updateTable('codes')
        .set({ consumed_at: now })
        .where('hash', '=', hash)
        .where('consumed_at', 'is', null)
        .where('expires_at', '>', now)
        .executeTakeFirst()
      if (numUpdatedRows === 0n) {
        const loser = await transaction
          .selectFrom('codes')
          .select('consumed_at')
          .where('hash', '=', hash)
          .executeTakeFirst()
        return loser?.consumed_at == null ? 'dead' : 'consumed'
      }
      if (refreshToken !== null) {
        await transaction.insertInto('refresh_tokens').values(refreshTokenToRow(refreshToken)).execute()
      }
      return 'redeemed'
    })
  },
})

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
