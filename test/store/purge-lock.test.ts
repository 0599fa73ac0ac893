/**
 * The purge waits for nobody, and takes nothing away that somebody is changing. Only an engine with several connections can show it; the order is forced with an
 * open transaction.
 *
 * @see docs/adr/0027-a-little-at-a-time.md
 * @module
 */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { code, grant, NOW, people, session } from '../../server/store/conformance/records.ts'
import { type OpenStore, openStore } from '../../server/store/open-store.ts'
import { during } from '../support/held-transaction.ts'
import { emptyTables, usePostgres } from '../support/postgres.ts'

describe('PostgreSQL', () => {
  const server = usePostgres()
  let url = ''
  let store: OpenStore
  beforeAll(async () => {
    url = await server.createDatabase()
  })
  beforeEach(async () => {
    store = await openStore({ database: url, connections: 4 })
    await emptyTables(url)
    await people(store)
  })
  afterEach(() => store.close())

  const purge = () => store.purge(NOW, 500)
  const ended = { expiresAt: NOW }

  test('a row whose end is being put off stays; the others go', async () => {
    for (const hash of ['one', 'two']) await store.sessions.create(session({ hash, ...ended }))
    expect(await during(url, `update sessions set expires_at = ${NOW + 60} where hash = 'one'`, purge)).toBe(1)
    expect((await store.sessions.find('one', NOW))?.expiresAt).toBe(NOW + 60)
    expect(await store.sessions.find('two', NOW - 1)).toBeNull()
  })

  test('what is locked goes the next time', async () => {
    await store.sessions.create(session(ended))
    await store.grants.create(grant(ended), code())
    await store.grants.create(grant({ id: 'grant-2' }), code({ hash: 'code-2', grantId: 'grant-2', ...ended }))
    const lock = 'with locked as (select 1 from sessions for share) select 1 from grants, locked for share of grants'
    expect(await during(url, lock, purge)).toBe(0)
    expect(await purge()).toBe(3)
  })
})
