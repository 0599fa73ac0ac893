/**
 * Access tokens that were revoked one by one.
 *
 * @see RFC 7009 section 2.1
 * @module
 */
import type { RevokedTokens } from '../core/ports.ts'
import type { Database } from './schema.ts'

export const createRevokedTokens = ({ db }: Database): RevokedTokens => ({
  async remember(jti, expiresAt) {
    const { numInsertedOrUpdatedRows } = await db
      .insertInto('revoked_tokens')
      .values({ jti, expires_at: expiresAt })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst()
    return numInsertedOrUpdatedRows === 1n
  },

  async has(jti) {
    const row = await db.selectFrom('revoked_tokens').select('jti').where('jti', '=', jti).executeTakeFirst()
    return row !== undefined
  },
})
