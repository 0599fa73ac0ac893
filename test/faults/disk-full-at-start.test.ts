/**
 * A server that starts while the disk of its SQLite database is full says so, whether the database is new or not, and starts when there is space.
 *
 * A file system of one megabyte in memory is mounted and really filled, which needs root on Linux; without, it says so.
 *
 * @see docs/adr/0081-outages-say-come-back.md
 * @module
 */
import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StoreUnavailable } from '../../server/core/ports.ts'
import { openStore } from '../../server/store/open-store.ts'
import { install, launchServer } from '../support/server-process.ts'

setDefaultTimeout(60_000)

const disk = await mkdtemp(join(tmpdir(), 'sallyport-disk-'))
const mounted = Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]).success
const WITHOUT = 'a small file system cannot be mounted here: run it as root on Linux'
if (!mounted) console.error(`\n!!! NOT RUN: no server starts on a full disk (${WITHOUT})\n`)
afterAll(async () => {
  if (mounted) Bun.spawnSync(['umount', disk])
  await rm(disk, { recursive: true })
})

const FULL = 'The disk of the database is full: nothing can be stored until there is space.'

/** Leaves room for so many bytes. */
function fillUpTo(room: number): void {
  const [ballast, kept] = [join(disk, 'ballast'), join(disk, 'kept')]
  const write = (path: string, sizes: (size: number) => number, first: number): void => {
    const file = openSync(path, 'w')
    for (let size = first; size >= 1; size = sizes(size)) {
      try {
        while (writeSync(file, new Uint8Array(size)) > 0 && path === ballast);
      } catch {
        // That much does not fit any more.
      }
    }
    closeSync(file)
  }
  write(kept, () => 0, room)
  write(ballast, (size) => Math.floor(size / 2), 65_536)
  rmSync(kept)
}

async function failureOf(database: string): Promise<unknown> {
  try {
    await (await openStore({ database })).close()
    return null
  } catch (error) {
    return error
  }
}

const unavailable = { name: 'StoreUnavailable', message: FULL }

// How far it gets: it makes the file, turns it to its mode, migrates.
test.skipIf(!mounted).each([0, 4, 32, 64])('a new database, with room for %d KB', async (kilobytes) => {
  const folder = join(disk, 'new')
  mkdirSync(folder)
  fillUpTo(kilobytes * 1024)
  const database = `sqlite:${join(folder, 'sallyport.db')}`
  const failure = await failureOf(database)
  expect(failure).toBeInstanceOf(StoreUnavailable)
  expect(failure).toMatchObject(unavailable)
  rmSync(join(disk, 'ballast'))
  expect(await failureOf(database)).toBeNull()
  rmSync(folder, { recursive: true })
})

test.skipIf(!mounted)('an existing database', async () => {
  const database = `sqlite:${join(disk, 'sallyport.db')}`
  const installation = await install({ database })
  fillUpTo(0)
  expect(await failureOf(database)).toMatchObject(unavailable)
  const server = launchServer(installation, {})
  expect(await server.exited).toBe(1)
  expect(await server.error.end()).toBe(`sallyport: The database cannot be opened. ${FULL}\n`)
  rmSync(join(disk, 'ballast'))
  expect(await failureOf(database)).toBeNull()
  await installation.remove()
})
