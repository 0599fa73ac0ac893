/**
 * Access tokens that were revoked one by one.
 *
 * @see RFC 7009 section 2.1
 * @module
 */
import type { RevokedTokens } from '../core/ports.ts'
import type { Database } from './schema.ts'
import { type Parameter, statement } from './statement.ts'

export function createRevokedTokens(database: Database): RevokedTokens {
  const { db } = database
  const find = statement((value: Parameter<{ jti: string }>) =>
    db.selectFrom('revoked_tokens').select('jti').where('jti', '=', value('jti')),
  )

  return {
    async remember(jti, expiresAt) {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('revoked_tokens')
        .values({ jti, expires_at: expiresAt })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst()
      return numInsertedOrUpdatedRows === 1n
    },

    async has(jti) {
      return (await database.run(find({ jti }))).rows.length > 0
    },
  }
}
