/**
 * Opening: migrations run once however many start together; a database of a later version is left alone; bad settings are clear.
 *
 * @module
 */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StoreUnavailable } from '../../server/core/ports.ts'
import { client } from '../../server/store/conformance/records.ts'
import { DatabaseTooNew, migrate } from '../../server/store/migrate.ts'
import { migrations } from '../../server/store/migrations/all.ts'
import { openStore } from '../../server/store/open-store.ts'
import { connectPostgres } from '../../server/store/postgres.ts'
import { connectSqlite } from '../../server/store/sqlite.ts'
import { usePostgres } from '../support/postgres.ts'

const NOW = 1_800_000_000
const postgres = usePostgres()

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sallyport-migrate-'))
})
afterEach(() => rm(directory, { recursive: true }))

const engines = {
  SQLite: async () => {
    const path = join(directory, 'sallyport.db')
    return { url: `sqlite:${path}`, connect: () => connectSqlite(path, { timeout: 5 }) }
  },
  PostgreSQL: async () => {
    const url = await postgres.createDatabase()
    return { url, connect: () => connectPostgres(url, { size: 1, connectTimeout: 5, statementTimeout: 5 }) }
  },
}

describe.each(Object.entries(engines))('%s', (_, prepare) => {
  test('ten stores that open a new database at once all work on the same', async () => {
    const { url } = await prepare()
    const stores = await Promise.all(Array.from({ length: 10 }, () => openStore({ database: url, connections: 2 })))
    await stores[0]?.clients.create(client())
    for (const store of stores) expect(await store.clients.find('client-1')).toEqual(client())
    await Promise.all(stores.map((store) => store.close()))
  })

  test('what was stored is there after closing and opening again', async () => {
    const { url } = await prepare()
    const before = await openStore({ database: url })
    await before.clients.create(client())
    await before.close()
    const after = await openStore({ database: url })
    expect(await after.clients.list()).toEqual([client()])
    await after.close()
  })

  test('a database that a later version migrated is refused, by name, and left alone', async () => {
    const { url, connect } = await prepare()
    const later = connect()
    await migrate(later, NOW, [...migrations, { name: '9999-later', up: async () => {} }])
    await later.db.destroy()
    const opened = openStore({ database: url })
    await expect(opened).rejects.toBeInstanceOf(DatabaseTooNew)
    await expect(openStore({ database: url })).rejects.toThrow('9999-later')
  })

  test('a migration that fails leaves nothing behind', async () => {
    const { url, connect } = await prepare()
    const database = connect()
    const failing = {
      name: '9999-failing',
      up: async () => {
        throw new Error('migration failed')
      },
    }
    await expect(migrate(database, NOW, [...migrations, failing])).rejects.toThrow('migration failed')
    await expect(database.db.selectFrom('migrations').selectAll().execute()).rejects.toThrow('migrations')
    await expect(database.db.selectFrom('clients').selectAll().execute()).rejects.toThrow('clients')
    await database.db.destroy()
    await (await openStore({ database: url })).close()
  })
})

test('a database that is up to date is opened while someone else writes for long', async () => {
  const { url } = await engines.SQLite()
  await (await openStore({ database: url })).close()
  const writer = new DatabaseSync(join(directory, 'sallyport.db'))
  writer.exec('begin immediate')
  const store = await openStore({ database: url, timeout: 0 })
  expect(await store.clients.list()).toEqual([])
  await store.close()
  writer.close()
})

describe('bad settings', () => {
  test('an unknown kind of database is refused with what is possible', async () => {
    for (const database of ['', 'mysql://localhost/x', 'sallyport.db', 'sqlite', 'sqlite:', 'postgres:x']) {
      await expect(openStore({ database })).rejects.toThrow('sqlite:PATH')
    }
  })

  test('a malformed PostgreSQL URL is refused without telling its password', async () => {
    const error = await openStore({ database: 'postgres://user:hunter2@[::1/x' }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(TypeError)
    expect(Bun.inspect(error)).not.toContain('hunter2')
  })

  test('a file that is no database, and a directory, are StoreUnavailable', async () => {
    const file = join(directory, 'text.db')
    await writeFile(file, 'not a database, but long enough to be read as a header of one'.repeat(100))
    await expect(openStore({ database: `sqlite:${file}` })).rejects.toBeInstanceOf(StoreUnavailable)
    await mkdir(join(directory, 'sub'))
    await expect(openStore({ database: `sqlite:${join(directory, 'sub')}` })).rejects.toBeInstanceOf(StoreUnavailable)
  })
})

test('a PostgreSQL that answers is not said to be out of reach: what to mend is named', async () => {
  const elsewhere = new URL(await postgres.createDatabase())
  elsewhere.pathname = '/nowhere'
  await expect(openStore({ database: elsewhere.href })).rejects.toThrow('no database of the name')
})
