/**
 * PostgreSQL is stopped under load, orderly or by a crash, and started again: 503 and when to come back, nothing acknowledged that
 * is not stored, and all is well within two seconds, without a restart of ours.
 *
 * @see docs/adr/0081-outages-say-come-back.md
 * @module
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { postForm, registerClient } from '../support/authorization-server.ts'
import { createPerson } from '../support/person.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { type Installation, install, type ServerProcess, startServerProcess, until } from '../support/server-process.ts'
import { chance } from './chance.ts'
import { emptyLedger } from './ledger.ts'
import { run, signIn } from './load.ts'
import { findBrokenPromises } from './verify.ts'

/** Seconds from when the database takes connections again. */
const RECOVERY = 2

setDefaultTimeout(120_000)

let database: PostgresServer
let installation: Installation
let server: ServerProcess
beforeAll(async () => {
  database = await startPostgres()
  const windows = { code: { lifetime: 600 }, refresh: { replay_window: 300 }, shutdown: { drain: 0 } }
  installation = await install({ database: database.url, ...windows })
  server = await startServerProcess(installation)
})
afterAll(async () => {
  server.kill()
  await server.exited
  await installation.remove()
  await database.stop()
})

describe.each(['SIGINT', 'SIGQUIT'] as const)('stopped with %s', (how) => {
  test('503 with Retry-After meanwhile; back within 2 s; nothing lost', async () => {
    const { issuer } = installation
    const ledger = emptyLedger()
    const random = chance(Math.floor(Math.random() * 1e9))
    const person = createPerson(server)
    const { client_id } = await registerClient(server)
    await signIn({ server, issuer, person })

    let over = false
    const load = { server, issuer, ledger, chance: random, person, over: () => over, excused: [503] }
    const reached = (count: number) => until(async () => ledger.acknowledged >= count || nextTurn(), 60)
    const running = run(load)
    await Promise.race([reached(60), running])
    await database.halt(how)

    const form = { grant_type: 'refresh_token', refresh_token: 'unknown', client_id }
    for (const answer of [
      await postForm(server, '/oauth/token', form),
      await postForm(server, '/oauth/revoke', { token: 'unknown', client_id }),
      await server.fetch('/account', { headers: { cookie: `sallyport_session=${'x'.repeat(43)}` } }),
    ]) {
      expect(answer.status).toBe(503)
      expect(answer.headers.get('retry-after')).toBe('5')
    }
    const status = async (path: string) => (await server.fetch(path)).status
    expect([await status('/health/live'), await status('/health/ready')]).toEqual([200, 503])
    expect(await status('/.well-known/jwks.json')).toBe(200)

    await database.resume()
    await until(async () => (await status('/health/ready')) === 200, RECOVERY)
    // Not one lucky connection: as many requests at once as there are connections.
    const answers = await Promise.all(Array.from({ length: 10 }, () => postForm(server, '/oauth/token', form)))
    expect(answers.map((answer) => answer.status)).toEqual(Array(10).fill(400))

    await Promise.race([reached(ledger.acknowledged + 30), running])
    over = true
    await running
    const { url } = database
    expect(
      await findBrokenPromises({ server, issuer, database: url, ledger, chance: random, person, sample: 40 }),
    ).toEqual([])
  })
})

/** Lets others work; false. */
const nextTurn = (): Promise<false> => new Promise((resolve) => setImmediate(() => resolve(false)))
