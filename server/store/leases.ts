/**
 * Leases: who does what only one should do. One guarded upsert decides, so that of any number that ask at once, in any number of
 * processes, one gets it.
 *
 * @see docs/adr/0024-leases.md
 * @module
 */
import type { Leases } from '../core/ports.ts'
import type { Database } from './schema.ts'

export const createLeases = ({ db }: Database): Leases => ({
  async acquire(name, holder, until, now) {
    const { numInsertedOrUpdatedRows } = await db
      .insertInto('leases')
      .values({ name, holder, expires_at: until })
      .onConflict((conflict) =>
        conflict
          .column('name')
          .doUpdateSet({ holder, expires_at: until })
          .where((row) => row.or([row('leases.holder', '=', holder), row('leases.expires_at', '<=', now)])),
      )
      .executeTakeFirst()
    return numInsertedOrUpdatedRows === 1n
  },

  async release(name, holder) {
    await db.deleteFrom('leases').where('name', '=', name).where('holder', '=', holder).execute()
  },
})
