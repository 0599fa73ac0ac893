/**
 * Sign-ins that have begun at an identity provider.
 *
 * @see RFC 6749 section 10.12: `state` is bound to the browser that began
 * @module
 */
import type { PendingSignIns } from '../core/identities.ts'
import type { PendingSignIn } from '../core/records.ts'
import type { Database, PendingSignInRow } from './schema.ts'

export function createPendingSignIns({ db }: Database): PendingSignIns {
  return {
    async create({ expiresAt, ...pending }) {
      await db
        .insertInto('pending_sign_ins')
        .values({ ...pending, expires_at: expiresAt })
        .execute()
    },

    async take(hash, browser, now) {
      // Of any number of callers one deletes the row.
      const row = await db
        .deleteFrom('pending_sign_ins')
        .where('hash', '=', hash)
        .where('browser', '=', browser)
        .where('expires_at', '>', now)
        .returningAll()
        .executeTakeFirst()
      return row === undefined ? null : toPendingSignIn(row)
    },

    async find(hash, now) {
      const row = await db
        .selectFrom('pending_sign_ins')
        .selectAll()
        .where('hash', '=', hash)
        .where('expires_at', '>', now)
        .executeTakeFirst()
      return row === undefined ? null : toPendingSignIn(row)
    },
  }
}

const toPendingSignIn = ({ expires_at: expiresAt, ...row }: PendingSignInRow): PendingSignIn => ({ ...row, expiresAt })
