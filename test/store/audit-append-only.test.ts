/**
 * Nothing changes an entry of the audit log, not even a statement of ours that should not be there.
 *
 * @see docs/adr/0114-acts-carry-their-entry.md
 * @module
 */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { NOW } from '../../server/store/conformance/records.ts'
import { connect } from '../../server/store/connect.ts'
import { migrate } from '../../server/store/migrate.ts'
import { createStore } from '../../server/store/open-store.ts'
import { usePostgres } from '../support/postgres.ts'

setDefaultTimeout(60_000)

const server = usePostgres()

const engines = {
  SQLite: async () => connect('sqlite::memory:', { connections: 1, timeout: 5 }),
  PostgreSQL: async () => connect(await server.createDatabase(), { connections: 1, timeout: 30 }),
}

test.each(Object.entries(engines))('%s refuses to change entries', async (_, open) => {
  const database = await open()
  await migrate(database, NOW)
  const { audit } = createStore(database)
  await audit.append([{ event: { type: 'token_rejected', reason: 'unknown_code' }, at: NOW, requestId: null }])
  const change = database.db.updateTable('audit').set({ reason: 'expired_code' })
  await expect(change.execute()).rejects.toThrow('the audit log is append-only')
  expect((await audit.readBack(null, {})).records).toMatchObject([{ reason: 'unknown_code' }])
  await database.db.destroy()
})
