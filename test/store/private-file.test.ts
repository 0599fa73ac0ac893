/**
 * The database file belongs to its owner alone, however it came to be, and there is no way to name one past that.
 *
 * @module
 */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { loadSettings } from '../../server/config/load.ts'
import { StoreUnavailable } from '../../server/core/ports.ts'
import { client } from '../../server/store/conformance/records.ts'
import { migrateDatabase, planMigrations } from '../../server/store/migrate-database.ts'
import { openStore } from '../../server/store/open-store.ts'
import { keepPrivate } from '../../server/store/private-file.ts'
import { install, startServerProcess } from '../support/server-process.ts'
import { ROOT } from '../support/source-tree.ts'
import { RUNTIMES, run } from '../support/spawn.ts'

let directory = ''
let path = ''
let warnings: string[] = []
const onWarning = (message: string): void => void warnings.push(message)
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sallyport-private-'))
  path = join(directory, 'sallyport.db')
  warnings = []
})
afterEach(() => rm(directory, { recursive: true }))

const modeOf = (file: string): number => statSync(file).mode & 0o777

/** The modes of what is there. */
const modes = (file = path) =>
  Object.fromEntries(
    ['', '-wal', '-shm'].filter((suffix) => existsSync(file + suffix)).map((suffix) => [suffix, modeOf(file + suffix)]),
  )

const PRIVATE = { '': 0o600, '-wal': 0o600, '-shm': 0o600 }

/** A store that is at work: it has all its files. */
async function working(file = path): Promise<() => Promise<void>> {
  const store = await openStore({ database: `sqlite:${file}`, onWarning })
  await store.clients.create(client({ id: crypto.randomUUID() }))
  return store.close
}

test('a new file and what is beside it are 0600, in folders that are 0700', async () => {
  path = join(directory, 'new', 'sallyport.db')
  const close = await working()
  expect(modes()).toEqual(PRIVATE)
  expect(modeOf(join(directory, 'new'))).toBe(0o700)
  expect(warnings).toEqual([])
  await close()
})

test('a plan of migrations looks only: modes, journal and files stay as they are', async () => {
  const file = new DatabaseSync(path)
  file.exec('create table others (a)')
  file.close()
  chmodSync(path, 0o644)
  const before = readFileSync(path)
  expect(await planMigrations(`sqlite:${path}`, 0)).toStartWith('begin immediate;')
  expect(modes()).toEqual({ '': 0o644 })
  expect(readFileSync(path).equals(before)).toBe(true)

  // One that is up to date, and that a server is using.
  await migrateDatabase(`sqlite:${path}`, 0)
  chmodSync(path, 0o644)
  expect(await planMigrations(`sqlite:${path}`, 0)).toBeNull()
  expect(modes()).toEqual({ '': 0o644 })
  const close = await working()
  chmodSync(path, 0o644)
  expect(await planMigrations(`sqlite:${path}`, 0)).toBeNull()
  expect(modes()).toEqual({ ...PRIVATE, '': 0o644 })
  await close()
})

test('an empty file that others could read becomes 0600, and that is said once', async () => {
  writeFileSync(path, '')
  chmodSync(path, 0o644)
  await (await working())()
  const close = await working()
  expect(modes()).toEqual(PRIVATE)
  expect(warnings).toEqual([`Other users of this machine could use ${path}. Now only the owner can (mode 600).`])
  await close()
})

test('so does a copy that was put back, with the files beside it', async () => {
  const close = await working()
  const restored = join(directory, 'restored.db')
  for (const suffix of ['', '-wal']) {
    copyFileSync(path + suffix, restored + suffix)
    chmodSync(restored + suffix, 0o664)
  }
  await close()
  const closeRestored = await working(restored)
  expect(modes(restored)).toEqual(PRIVATE)
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toStartWith(`Other users of this machine could use ${restored}, ${restored}-wal`)
  await closeRestored()
})

test('and one that is found by way of a link', async () => {
  const link = join(directory, 'link.db')
  mkdirSync(join(directory, 'elsewhere'))
  path = join(directory, 'elsewhere', 'sallyport.db')
  writeFileSync(path, '')
  chmodSync(path, 0o640)
  symlinkSync(path, link)
  const close = await working(link)
  expect(modes()).toEqual(PRIVATE)
  expect(warnings).toHaveLength(1)
  await close()
})

test('migrating does the same', async () => {
  writeFileSync(path, '')
  chmodSync(path, 0o644)
  await migrateDatabase(`sqlite:${path}`, 1_800_000_000, onWarning)
  expect(modes()).toEqual({ '': 0o600 })
  expect(warnings).toHaveLength(1)
})

test('what is no database is left as it is', async () => {
  writeFileSync(path, 'these are the notes of somebody else, and longer than the header of a database. '.repeat(10))
  chmodSync(path, 0o644)
  await expect(openStore({ database: `sqlite:${path}`, onWarning })).rejects.toBeInstanceOf(StoreUnavailable)
  expect(modeOf(path)).toBe(0o644)
  chmodSync(directory, 0o755)
  await expect(openStore({ database: `sqlite:${directory}`, onWarning })).rejects.toBeInstanceOf(StoreUnavailable)
  expect(keepPrivate(directory)).toBeNull()
  expect(modeOf(directory)).toBe(0o755)
  expect(warnings).toEqual([])
})

test('and let go of', async () => {
  writeFileSync(path, 'no database at all '.repeat(100))
  const { exec } = DatabaseSync.prototype
  const tried = new Set<DatabaseSync>()
  DatabaseSync.prototype.exec = function (sql) {
    tried.add(this)
    return exec.call(this, sql)
  }
  await expect(openStore({ database: `sqlite:${path}` })).rejects.toThrow(StoreUnavailable)
  DatabaseSync.prototype.exec = exec
  expect([...tried].map(({ isOpen }) => isOpen)).toEqual([false])
})

test('a server says it in its log, and a command beside what it prints', async () => {
  const installation = await install({ database: `sqlite:${path}` })
  chmodSync(path, 0o644)
  const server = await startServerProcess(installation)
  server.kill()
  await server.exited
  expect((await server.error.end()).split('Other users of this machine could use ')).toHaveLength(2)
  for (const args of [['users', 'list'], ['migrate']]) {
    chmodSync(path, 0o644)
    const command = [...RUNTIMES.bun, `${ROOT}server/cli.ts`, ...args, '--database', installation.database]
    expect((await run(command, { cwd: directory })).error).toStartWith(
      `sallyport: Other users of this machine could use ${path}`,
    )
    expect(modes()).toEqual({ '': 0o600 })
  }
  await installation.remove()
})

const PRIVILEGED = process.geteuid?.() === 0
if (!PRIVILEGED)
  console.error('\n!!! NOT RUN: a database of another user is opened by root only, who becomes someone else\n')

test.skipIf(!PRIVILEGED)('where that may not be changed, the operator is told what to do', () => {
  writeFileSync(path, '')
  chmodSync(path, 0o644)
  chmodSync(directory, 0o755)
  process.seteuid?.(65_534)
  const warning = keepPrivate(path)
  process.seteuid?.(0)
  expect(warning).toBe(
    `Other users of this machine can use ${path}, and this process may not change that: its owner can, with chmod 600.`,
  )
  expect(modeOf(path)).toBe(0o644)
})

describe.each(['sqlite:file:u/y.db', 'sqlite:file::memory:', 'sqlite:file:/tmp/x.db?mode=ro'])('%s', (database) => {
  test('is no setting, for several workers least of all', async () => {
    const argv = ['--dev', '--workers', '2', '--database', database]
    const wanted = 'sqlite:PATH (a path, no file: URI) or postgres://USER:PASSWORD@HOST/NAME'
    expect(await loadSettings({ argv, env: {}, cwd: directory })).toEqual({
      ok: false,
      error: { message: `--database: wanted ${wanted}.`, exitCode: 2 },
    })
  })
  test('is refused by whoever opens it', async () => {
    const message = 'The database must be named by its path, sqlite:PATH, and not by a file: URI.'
    await expect(openStore({ database })).rejects.toThrow(new TypeError(message))
    await expect(planMigrations(database, 0)).rejects.toThrow(new TypeError(message))
  })
})

test('another spelling of it is a path like any other', async () => {
  const before = process.cwd()
  process.chdir(directory)
  try {
    path = join(directory, 'FILE:sallyport.db')
    const close = await working('FILE:sallyport.db')
    expect(modes()).toEqual(PRIVATE)
    await close()
    expect(new DatabaseSync(path).prepare('select count(*) as clients from clients').get()).toEqual({ clients: 1 })
  } finally {
    process.chdir(before)
  }
})
