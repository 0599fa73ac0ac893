/**
 * What a SQLite connection was told of the disk, asked of the very connections that were opened: a commit waits for it, unless the setting says otherwise.
 *
 * @see https://www.sqlite.org/pragma.html#pragma_synchronous
 * @see docs/adr/0070-group-commit.md
 * @module
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { loadSettings } from '../../server/config/load.ts'
import { startServer } from '../../server/main.ts'
import { migrateDatabase } from '../../server/store/migrate-database.ts'
import { openStore } from '../../server/store/open-store.ts'
import { connectSqlite } from '../../server/store/sqlite.ts'

/** Every connection on which something was executed, in the order of opening. */
const opened = new Set<DatabaseSync>()
const { exec } = DatabaseSync.prototype
beforeAll(() => {
  DatabaseSync.prototype.exec = function (sql) {
    opened.add(this)
    return exec.call(this, sql)
  }
})

const directory = await mkdtemp(join(tmpdir(), 'sallyport-durability-'))
const database = `sqlite:${join(directory, 'sallyport.db')}`
beforeEach(() => opened.clear())
afterAll(async () => {
  DatabaseSync.prototype.exec = exec
  await rm(directory, { recursive: true })
})

/** Of each connection that is open. */
function durability(): readonly unknown[] {
  const ask = (connection: DatabaseSync, name: string) =>
    Object.values(connection.prepare(`pragma ${name}`).get() ?? {})
  return [...opened]
    .filter(({ isOpen }) => isOpen)
    .map((connection) => [...ask(connection, 'journal_mode'), ...ask(connection, 'synchronous')])
}

/** As SQLite writes them. */
const NORMAL = ['wal', 1]
const FULL = ['wal', 2]

describe.each([
  [{}, FULL],
  [{ synchronous: 'full' }, FULL],
  [{ synchronous: 'normal' }, NORMAL],
] as const)('%j', (given, expected) => {
  test('a store', async () => {
    const store = await openStore({ database, ...given })
    expect(durability()).toEqual([expected])
    await store.close()
  })

  test('a connection', async () => {
    const { db } = connectSqlite(join(directory, 'sallyport.db'), { timeout: 1, ...given })
    expect(durability()).toEqual([expected])
    await db.destroy()
  })

  test('a server, from its settings', async () => {
    const flags = 'synchronous' in given ? ['--sqlite-synchronous', given.synchronous] : []
    const argv = ['--dev', '--port', '0', '--issuer', 'http://localhost:9100', '--database', database, ...flags]
    const settings = await loadSettings({ argv, env: {}, cwd: directory })
    if (!settings.ok) throw new Error(settings.error.message)
    const server = await startServer(settings.value)
    if (!server.ok) throw new Error(server.error.message)
    expect(durability()).toEqual([expected])
    await server.value.stop({ drain: false })
  })
})

test('migrating by itself waits for the disk', async () => {
  const path = join(directory, 'migrated.db')
  await Bun.write(path, '')
  await chmod(path, 0o644)
  let seen: readonly unknown[] = []
  // What it is warned of, it is told while it is open.
  await migrateDatabase(`sqlite:${path}`, 0, () => {
    seen = durability()
  })
  expect(seen).toEqual([FULL])
})
