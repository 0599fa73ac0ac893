/**
 * Three processes on one PostgreSQL are one server: whatever one of them gave out, the others know; losing one loses nothing.
 *
 * @see docs/adr/0082-replicas-share-only-the-database.md
 * @module
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { tally } from '../../server/store/conformance/records.ts'
import { chance } from '../faults/chance.ts'
import { emptyLedger } from '../faults/ledger.ts'
import { run, signIn } from '../faults/load.ts'
import { findBrokenPromises } from '../faults/verify.ts'
import {
  authorizationQuery,
  createBrowser,
  formFields,
  postForm,
  registerClient,
  USER,
} from '../support/authorization-server.ts'
import { expectError } from '../support/oauth-error.ts'
import { createPerson } from '../support/person.ts'
import { usePostgres } from '../support/postgres.ts'
import { authorize, redeem, refresh, roundRobin, type Served, tokensOf } from '../support/process-flow.ts'
import { type Installation, install, type ServerProcess, startServerProcess } from '../support/server-process.ts'
import { freePort } from '../support/spawn.ts'

setDefaultTimeout(120_000)

const postgres = usePostgres()
let installation: Installation
let replicas: readonly ServerProcess[] = []
let one: ServerProcess
let two: ServerProcess
let three: ServerProcess
let all: Served
beforeAll(async () => {
  const database = await postgres.createDatabase()
  installation = await install({ database, shutdown: { drain: 0 }, code: { lifetime: 600 } })
  // They start together: the first key is made once.
  const start = () => startServerProcess(installation, { port: freePort() })
  const started = await Promise.all([start(), start(), start()])
  replicas = started
  ;[one, two, three] = started
  all = roundRobin(started)
})
afterAll(async () => {
  for (const replica of replicas) {
    replica.kill()
    await replica.exited
  }
  await installation.remove()
})

/** 33 callers, the same number at each. */
const everywhere = <Answer>(call: (server: Served) => Promise<Answer>): Promise<Answer[]> =>
  Promise.all(Array.from({ length: 33 }, (_, caller) => call(replicas[caller % 3] ?? one)))

const statuses = (answers: readonly Response[]): Record<string, number> =>
  tally(answers.map(({ status }) => String(status)))

describe('what one gave out', () => {
  test('the keys are the same everywhere', async () => {
    const sets = await Promise.all(
      replicas.map(async (replica) => (await replica.fetch('/.well-known/jwks.json')).text()),
    )
    expect(new Set(sets).size).toBe(1)
  })

  test('a client of one, its code of the second, redeemed at the third, refreshed and revoked anywhere', async () => {
    const { client_id } = await registerClient(one)
    const code = await authorize(installation.issuer, createPerson(two), client_id)
    const tokens = await tokensOf(await redeem(three, client_id, code))
    const next = await tokensOf(await refresh(one, client_id, tokens.refresh_token))
    expect((await postForm(two, '/oauth/revoke', { token: next.refresh_token, client_id })).status).toBe(200)
    for (const replica of replicas)
      await expectError(await refresh(replica, client_id, next.refresh_token), 400, 'invalid_grant')
  })

  test('a person signs in once, and is asked once on behalf of a client that keeps a secret', async () => {
    const { client_id } = await registerClient(all, { token_endpoint_auth_method: 'client_secret_post' })
    const person = createPerson(all)
    await authorize(installation.issuer, person, client_id)
    expect(person.pages).toHaveLength(2)
    for (const _ of replicas) await authorize(installation.issuer, person, client_id)
    expect(person.pages).toHaveLength(2)
  })

  test('the brake on guessing counts them together: five in all, then the right password is refused everywhere', async () => {
    const attempt = async (server: Served, password: string): Promise<Response> => {
      const browser = createBrowser(server)
      const fields = formFields(await (await browser.fetch('/sign-in')).text())
      const body = new URLSearchParams({ ...fields, username: 'grace', password })
      return browser.fetch('/sign-in', { method: 'POST', body })
    }
    expect(statuses(await everywhere((server) => attempt(server, 'wrong')))).toEqual({ 403: 5, 429: 28 })
    for (const replica of replicas) expect((await attempt(replica, USER.password)).status).toBe(429)
  })
})

describe('33 at once, at all of them', () => {
  test('one code: one gets tokens, and then they are worth nothing', async () => {
    const { client_id } = await registerClient(all)
    const code = await authorize(installation.issuer, createPerson(all), client_id)
    const answers = await everywhere((server) => redeem(server, client_id, code))
    expect(statuses(answers)).toEqual({ 200: 1, 400: 32 })
    const tokens = await tokensOf(answers.find(({ ok }) => ok) ?? Response.error())
    await expectError(await refresh(all, client_id, tokens.refresh_token), 400, 'invalid_grant')
  })

  test('one refresh token: one successor, told to all', async () => {
    const { client_id } = await registerClient(all)
    const code = await authorize(installation.issuer, createPerson(all), client_id)
    const { refresh_token } = await tokensOf(await redeem(all, client_id, code))
    const answers = await everywhere((server) => refresh(server, client_id, refresh_token))
    expect(statuses(answers)).toEqual({ 200: 33 })
    const successors = await Promise.all(answers.map(async (answer) => (await tokensOf(answer)).refresh_token))
    expect(new Set(successors).size).toBe(1)
  })
})

test('one is killed under load: the others go on, and nothing that any of them promised is lost', async () => {
  const { issuer, database } = installation
  const ledger = emptyLedger()
  const random = chance(Math.floor(Math.random() * 1e9))
  let alive = replicas
  let over = false
  const server: Served = {
    fetch: (input, init) => roundRobin([...alive].sort(() => random.next() - 0.5)).fetch(input, init),
  }
  const person = createPerson(server)
  await signIn({ server, issuer, person })
  await run({
    server,
    issuer,
    ledger,
    chance: random,
    person,
    over: () => over,
    mayBreak: () => alive.length < 3,
    onAcknowledged() {
      if (ledger.acknowledged === 100) {
        alive = [one, two]
        three.kill('SIGKILL')
      }
      if (ledger.acknowledged >= 200) over = true
    },
  })
  expect(await findBrokenPromises({ server, issuer, database, ledger, chance: random, person, sample: 60 })).toEqual([])
  const { client_id } = await registerClient(server)
  const query = await authorizationQuery(client_id)
  expect((await person.visit(`${issuer}/oauth/authorize?${query}`)).searchParams.get('code')).not.toBeNull()
})
