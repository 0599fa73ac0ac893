/**
 * Every store case on every engine. Races mean something on PostgreSQL only, where 32 connections work at once.
 *
 * @module
 */
import { afterAll, beforeAll, describe, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { storeConformance } from '../../server/store/conformance/store-conformance.ts'
import { type OpenStore, openStore } from '../../server/store/open-store.ts'
import { emptyTables, usePostgres } from '../support/postgres.ts'

describe('SQLite in memory', () => {
  for (const { name, run } of storeConformance) {
    test(name, async () => {
      const store = await openStore({ database: 'sqlite::memory:' })
      await run(store).finally(store.close)
    })
  }
})

describe('SQLite in a file', () => {
  for (const { name, run } of storeConformance) {
    test(name, async () => {
      const directory = await mkdtemp(join(tmpdir(), 'sallyport-store-'))
      const store = await openStore({ database: `sqlite:${join(directory, 'sallyport.db')}` })
      await run(store).finally(store.close)
      await rm(directory, { recursive: true })
    })
  }
})

describe('PostgreSQL', () => {
  const postgres = usePostgres()
  let database = ''
  let store: OpenStore | undefined

  const openRacing = async () => {
    const opened = await openStore({ database, connections: 32 })
    // All connections are open before a case begins, so that its callers really race.
    await Promise.all(Array.from({ length: 32 }, () => opened.ping()))
    return opened
  }

  beforeAll(async () => {
    database = await postgres.createDatabase()
  })
  afterAll(() => store?.close())

  for (const { name, run } of storeConformance) {
    test(name, async () => {
      store ??= await openRacing()
      await emptyTables(database)
      await run(store)
      await store.ping().catch(() => {
        store = undefined
      })
    })
  }
})
