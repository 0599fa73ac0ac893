/**
 * A server that nobody asks anything forgets what expired and changes a key that is due, and leaves nothing behind when it stops.
 *
 * @module
 */
import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import { keyLives } from '../../server/core/key-life-cycle.ts'
import { systemClock } from '../../server/create-server.ts'
import { user } from '../../server/store/conformance/records.ts'
import { openStore } from '../../server/store/open-store.ts'
import { createSigner } from '../../server/store/signer.ts'
import { usePostgres } from '../support/postgres.ts'
import { type Installation, install, SECRET, startServerProcess, until } from '../support/server-process.ts'

setDefaultTimeout(60_000)

const postgres = usePostgres()
const installations: Installation[] = []
afterAll(() => Promise.all(installations.map((installation) => installation.remove())))

const engines = {
  SQLite: () => install({ shutdown: { drain: 0 } }),
  PostgreSQL: async () => install({ database: await postgres.createDatabase(), shutdown: { drain: 0 } }),
}

test.each(Object.entries(engines))('%s', async (_, prepare) => {
  const installation = await prepare()
  installations.push(installation)
  const store = await openStore({ database: installation.database })
  const long = systemClock() - 31 * 86_400
  await createSigner({ keys: store.signingKeys, secret: SECRET, now: () => long })
  await store.users.create(user({ id: 'usr_ada' }))
  await store.sessions.create({ hash: 'cookie-hash', userId: 'usr_ada', createdAt: long, expiresAt: long + 60 })

  const server = await startServerProcess(installation)
  await until(async () => (await store.sessions.find('cookie-hash', long)) === null)
  await until(async () => (await store.signingKeys.list()).length === 2)
  const lives = keyLives(await store.signingKeys.list(), systemClock(), 86_400)
  expect(lives.map(({ state }) => state)).toEqual(['active', 'next'])
  const { records } = await store.audit.readBack(null, { type: 'key_made' })
  expect(records).toMatchObject([{ actor: 'server', reason: lives[1]?.key.kid, requestId: null }])
  const takeOver = () => store.leases.acquire('purge', 'someone else', systemClock() + 1, systemClock())
  expect(await takeOver()).toBe(false)

  server.kill('SIGTERM')
  expect(await server.exited).toBe(0)
  expect(server.error.text()).not.toContain('"level":"error"')
  expect(server.error.text()).toContain('key_made')
  expect(await takeOver()).toBe(true)
  await store.close()
})
