/**
 * The disk under SQLite fills up under load: 503 and a clear line in the log, no damage, and all is well once there is space.
 *
 * A file system of a few megabytes in memory is mounted and really filled, which needs root on Linux; without, it says so.
 *
 * @see docs/adr/0081-outages-say-come-back.md
 * @module
 */
import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { closeSync, openSync, writeSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { registerClient } from '../support/authorization-server.ts'
import { createPerson } from '../support/person.ts'
import { type Installation, install, type ServerProcess, startServerProcess, until } from '../support/server-process.ts'
import { chance } from './chance.ts'
import { emptyLedger } from './ledger.ts'
import { run, signIn } from './load.ts'
import { findBrokenPromises } from './verify.ts'

setDefaultTimeout(120_000)

const disk = await mkdtemp(join(tmpdir(), 'sallyport-disk-'))
const mounted = Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk]).success
const WITHOUT = 'a small file system cannot be mounted here: run it as root on Linux'
if (!mounted) console.error(`\n!!! NOT RUN: the disk is not filled (${WITHOUT})\n`)

let installation: Installation | undefined
let server: ServerProcess | undefined
afterAll(async () => {
  server?.kill()
  await server?.exited
  await installation?.remove()
  if (mounted) Bun.spawnSync(['umount', disk])
  await rm(disk, { recursive: true })
})

test.skipIf(!mounted)('a full disk is an outage that ends when there is space again', async () => {
  const windows = { code: { lifetime: 600 }, refresh: { replay_window: 300 }, shutdown: { drain: 0 } }
  installation = await install({ database: `sqlite:${disk}/sallyport.db`, ...windows })
  server = await startServerProcess(installation)
  const served = server
  const { issuer, database } = installation
  const ledger = emptyLedger()
  const random = chance(Math.floor(Math.random() * 1e9))
  const person = createPerson(server)
  await signIn({ server, issuer, person })

  const busy = async (stop: () => boolean): Promise<void> => {
    const load = { server: served, issuer, ledger, chance: random, person, over: stop, excused: [503] }
    await run(load)
  }
  const before = ledger.acknowledged
  await busy(() => ledger.acknowledged >= before + 60)

  fill(join(disk, 'ballast'))
  let refused: Response | undefined
  await Promise.all([
    busy(() => refused !== undefined),
    until(async () => {
      const answer = await register(served)
      if (answer.status === 503) refused = answer
      return refused !== undefined
    }, 60),
  ])
  expect(refused?.headers.get('retry-after')).toBe('5')
  expect(await refused?.json()).toMatchObject({ error: 'temporarily_unavailable', status: 503 })
  expect(server.error.text()).toContain('The disk of the database is full')
  // What only reads goes on.
  for (const path of ['/health/live', '/.well-known/jwks.json', '/.well-known/oauth-authorization-server'])
    expect((await server.fetch(path)).status).toBe(200)

  await rm(join(disk, 'ballast'))
  await registerClient(server)
  const after = ledger.acknowledged
  await busy(() => ledger.acknowledged >= after + 30)
  expect(await findBrokenPromises({ server, issuer, database, ledger, chance: random, person, sample: 60 })).toEqual([])
})

const register = (to: ServerProcess): Promise<Response> =>
  to.fetch('/oauth/register', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris: ['http://127.0.0.1/callback'], token_endpoint_auth_method: 'none' }),
  })

/** Writes until there is no space left for a single byte. */
function fill(path: string): void {
  const file = openSync(path, 'w')
  for (let size = 65_536; size >= 1; ) {
    try {
      writeSync(file, new Uint8Array(size))
    } catch {
      size = Math.floor(size / 2)
    }
  }
  closeSync(file)
}
