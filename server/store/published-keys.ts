/**
 * The last good keys of clients that publish them.
 *
 * @see docs/adr/0125-published-keys-are-stored.md
 * @module
 */
import { sql } from 'kysely'
import type { PublishedKeys } from '../core/ports.ts'
import { fromJson, toJson } from './json.ts'
import type { Database } from './schema.ts'

export const createPublishedKeys = ({ db }: Database): PublishedKeys => ({
  async find(jwksUri) {
    const row = await db.selectFrom('published_keys').selectAll().where('jwks_uri', '=', jwksUri).executeTakeFirst()
    if (row === undefined) return null
    return { jwksUri, jwks: fromJson(row.jwks), fetchedAt: row.fetched_at, keptUntil: row.kept_until }
  },

  async put({ jwksUri, jwks, fetchedAt, keptUntil }) {
    const kept = sql.ref<number>('published_keys.kept_until')
    await db
      .insertInto('published_keys')
      .values({ jwks_uri: jwksUri, jwks: toJson(jwks), fetched_at: fetchedAt, kept_until: keptUntil })
      .onConflict((conflict) =>
        conflict
          .column('jwks_uri')
          .doUpdateSet({
            jwks: toJson(jwks),
            fetched_at: fetchedAt,
            kept_until: sql<number>`case when ${kept} > ${keptUntil} then ${kept} else ${keptUntil} end`,
          })
          .where('published_keys.fetched_at', '<=', fetchedAt),
      )
      .execute()
  },

  async keep(jwksUri, until) {
    await db
      .updateTable('published_keys')
      .set({ kept_until: until })
      .where('jwks_uri', '=', jwksUri)
      .where('kept_until', '<', until)
      .execute()
  },
})
