/**
 * Every store case on every engine. Races mean something on PostgreSQL only, where 32 connections work at once.
 *
 * @module
 */
import { describe, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { storeConformance } from '../../server/store/conformance/store-conformance.ts'
import { openStore } from '../../server/store/open-store.ts'
import { usePostgres } from '../support/postgres.ts'

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
  for (const { name, run } of storeConformance) {
    test(name, async () => {
      const store = await openStore({ database: await postgres.createDatabase(), connections: 32 })
      // All connections are open before the case begins, so that its callers really race.
      await Promise.all(Array.from({ length: 32 }, () => store.ping()))
      await run(store).finally(store.close)
    })
  }
})
