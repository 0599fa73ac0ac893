/**
 * Records are bounded by number as well as by age.
 *
 * @see docs/adr/0117-the-flow-trace.md
 * @module
 */
import { expect, test } from 'bun:test'
import { NOW } from '../../server/store/conformance/records.ts'
import { connect } from '../../server/store/connect.ts'
import { deleteOld } from '../../server/store/delete-old.ts'
import { migrate } from '../../server/store/migrate.ts'

test('the oldest go, a few at a time, until there are no more than so many', async () => {
  const database = connect('sqlite::memory:', { connections: 1, timeout: 5 })
  await migrate(database, NOW)
  const row = { step: 'authorize', outcome: 'refused', at: NOW } as const
  await database.db
    .insertInto('flow_steps')
    .values(Array.from({ length: 10 }, () => row))
    .execute()
  const remove = (most: number, limit: number) => deleteOld(database, 'flow_steps', { before: 0, most }, limit)
  expect([await remove(10, 3), await remove(4, 4), await remove(4, 4), await remove(4, 4)]).toEqual([0, 4, 2, 0])
  const left = await database.db.selectFrom('flow_steps').select('id').orderBy('id').execute()
  expect(left.map(({ id }) => id)).toEqual([7, 8, 9, 10])
  await database.db.destroy()
})
