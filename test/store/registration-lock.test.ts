/**
 * A client that is kept, or used, at the moment at which it would be forgotten: whoever has the row first decides, and the other one is
 * told. Only an engine with several connections can show it; the order is forced with an open transaction.
 *
 * @see docs/adr/0105-the-life-of-a-registration.md
 * @module
 */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { client, consent, NOW, people } from '../../server/store/conformance/records.ts'
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
    await store.clients.create(client({ expiresAt: NOW }))
    await store.consents.remember(consent())
  })
  afterEach(() => store.close())

  const KEEP = `update clients set expires_at = ${NOW + 60} where id = 'client-1'`
  const FORGET = `delete from clients where id = 'client-1'`
  const purge = () => store.purge(NOW, 100)
  const keep = () => store.clients.keep('client-1', NOW + 60)

  test('purge waits for whoever keeps a client, and then leaves it, with what it was allowed', async () => {
    expect(await during(url, KEEP, purge)).toBe(0)
    expect(await store.clients.find('client-1')).toEqual(client({ expiresAt: NOW + 60 }))
    expect(await store.consents.find('user-1', 'client-1', consent().resource)).toEqual(consent())
  })

  test('purge goes on when that is rolled back', async () => {
    expect(await during(url, KEEP, purge, 'rollback')).toBe(1)
    expect(await store.clients.find('client-1')).toBeNull()
  })

  test('keep waits for a purge, and is told that there is no such client', async () => {
    expect(await during(url, FORGET, keep)).toBe(false)
    expect(await store.clients.find('client-1')).toBeNull()
  })

  test('keep goes on when that is rolled back', async () => {
    expect(await during(url, FORGET, keep, 'rollback')).toBe(true)
    expect(await purge()).toBe(0)
  })
})
