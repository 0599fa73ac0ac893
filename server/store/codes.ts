/**
 * Authorization codes. Redeeming one consumes it and stores the first refresh token, in one transaction.
 *
 * @see RFC 6749 section 4.1.2: a code is used once
 * @module
 */
import type { Codes } from '../core/ports.ts'
import type { AuthorizationCode } from '../core/records.ts'
import { consumeOnce } from './consume-once.ts'
import { fromJson, toJson } from './json.ts'
import { refreshTokenToRow } from './refresh-tokens.ts'
import type { CodeRow, Database } from './schema.ts'

export const createCodes = ({ engine, db }: Database): Codes => ({
  async find(hash) {
    const row = await db.selectFrom('codes').selectAll().where('hash', '=', hash).executeTakeFirst()
    return row === undefined ? null : toCode(row)
  },

  async redeem(hash, refreshToken, now) {
    return db.transaction().execute(async (transaction) => {
      const outcome = await consumeOnce({ engine, db: transaction }, 'codes', hash, now)
      if (outcome !== 'won') return outcome
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
