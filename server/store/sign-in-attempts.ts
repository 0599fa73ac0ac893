/**
 * How often something was tried lately. One guarded upsert counts and decides, so that of any number at once, in any number of
 * processes, no more than the limit get through; one that is refused writes nothing.
 *
 * Keys are stored as hashes: they hold addresses and names, and people type passwords into the field for the name.
 *
 * @see docs/adr/0034-one-brake-for-all-processes.md
 * @module
 */
import { sql } from 'kysely'
import type { SignInAttempts } from '../core/ports.ts'
import { hash } from './hash.ts'
import type { Database } from './schema.ts'

export const createSignInAttempts = ({ db }: Database): SignInAttempts => ({
  async take(key, { attempts, window }, now) {
    const over = sql<boolean>`sign_in_attempts.ends_at <= ${now}`
    const row = await db
      .insertInto('sign_in_attempts')
      .values({ key_hash: await hash(key), count: 1, ends_at: now + window })
      .onConflict((conflict) =>
        conflict
          .column('key_hash')
          .doUpdateSet({
            count: sql`case when ${over} then 1 else sign_in_attempts.count + 1 end`,
            // The first that is refused begins the time of refusal.
            ends_at: sql`case when ${over} or sign_in_attempts.count = ${attempts} then ${now + window}
              else sign_in_attempts.ends_at end`,
          })
          .where(sql<boolean>`${over} or sign_in_attempts.count <= ${attempts}`),
      )
      .returning('count')
      .executeTakeFirst()
    return row !== undefined && row.count <= attempts
  },

  async giveBack(key, { attempts }) {
    await db
      .updateTable('sign_in_attempts')
      .set({ count: sql`count - 1` })
      .where('key_hash', '=', await hash(key))
      .where('count', '>', 0)
      .where('count', '<=', attempts)
      .execute()
  },

  async forget(key) {
    await db
      .deleteFrom('sign_in_attempts')
      .where('key_hash', '=', await hash(key))
      .execute()
  },
})
