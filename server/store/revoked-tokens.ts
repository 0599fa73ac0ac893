/**
 * Access tokens that were revoked one by one.
 *
 * @see RFC 7009 section 2.1
 * @module
 */
import type { RevokedTokens } from '../core/ports.ts'
import { insertEntry } from './audit-entries.ts'
import type { Database, RevokedTokenRow } from './schema.ts'
import { type Parameter, statement } from './statement.ts'

export function createRevokedTokens(database: Database): RevokedTokens {
  const { db } = database
  const find = statement((value: Parameter<{ jti: string }>) =>
    db.selectFrom('revoked_tokens').select('jti').where('jti', '=', value('jti')),
  )

  const insert = statement((value: Parameter<RevokedTokenRow>) =>
    db
      .insertInto('revoked_tokens')
      .values({ jti: value('jti'), expires_at: value('expires_at') })
      .onConflict((conflict) => conflict.doNothing()),
  )
  const note = insertEntry(database)

  return {
    remember: (jti, expiresAt, entry) => database.runGuarded(insert({ jti, expires_at: expiresAt }), note(entry)),

    async has(jti) {
      return (await database.run(find({ jti }))).rows.length > 0
    },
  }
}
