/**
 * Floods of one party where nothing is known of a client yet: one software that registers without end, and people who sign in for one client.
 *
 * @see RFC 6585 section 4: 429 Too Many Requests
 * @see docs/adr/0111-rate-limits.md
 * @module
 */
import { afterAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { ConfigInput } from '../../server/config.ts'
import { hashPassword } from '../../server/login/password-hash.ts'
import { hash } from '../../server/store/hash.ts'
import {
  authorizationQuery,
  createBrowser,
  createTestServer,
  formFields,
  REDIRECT_URI,
  registerClient,
  type TestServer,
  USER,
} from '../support/authorization-server.ts'
import { expectError } from '../support/oauth-error.ts'
import { usePostgres } from '../support/postgres.ts'

setDefaultTimeout(60_000)

const servers: TestServer[] = []
afterAll(() => Promise.all(servers.map((server) => server.close())))

const postgres = usePostgres()

async function start(
  rate_limits: NonNullable<ConfigInput['rate_limits']> = {},
  config: ConfigInput = {},
): Promise<TestServer> {
  const server = await createTestServer({ rate_limits, ...config })
  servers.push(server)
  return server
}

let next = 0

/** The same server as somebody reaches it who has not been here before. */
const somebody = (server: TestServer): Pick<TestServer, 'fetch'> => {
  const address = `10.2.${next >> 8}.${next & 255}`
  next += 1
  return {
    async fetch(input, init) {
      const url = typeof input === 'string' && input.startsWith('/') ? server.issuer + input : input
      return (await server.handle(new Request(url, init), address)) ?? new Response(null, { status: 404 })
    },
  }
}

/** How often each status was among the answers to so many requests, one after the other. */
async function knock(times: number, request: () => Promise<Response>): Promise<Record<number, number>> {
  const counts: Record<number, number> = {}
  for (let time = 0; time < times; time += 1) {
    const { status } = await request()
    counts[status] = (counts[status] ?? 0) + 1
  }
  return counts
}

/** 429 with everything that belongs to it; the seconds in Retry-After. */
async function expectLimited(response: Response): Promise<number> {
  await expectError(response, 429, 'temporarily_unavailable')
  return Number(response.headers.get('retry-after'))
}

describe('one software that registers', () => {
  /** With this in its metadata, from an address of its own. */
  const registerAs = (server: TestServer, metadata: Record<string, unknown>, token?: string): Promise<Response> =>
    somebody(server).fetch('/oauth/register', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'none', ...metadata }),
    })

  test('does so as often as its limit says, from wherever it does, and leaves the others their share', async () => {
    const server = await start({ register: { per_client: 3, total: 16 } })
    const loop = { client_name: 'Loop \ud800 🐈' }
    expect(await knock(20, () => registerAs(server, loop))).toEqual({ 201: 3, 429: 17 })
    expect(await expectLimited(await registerAs(server, loop))).toBe(1200)
    for (const other of [{ client_name: 'Another' }, { software_id: 'loop' }, { ...loop, software_id: 'mine' }, {}]) {
      expect(await knock(4, () => registerAs(server, other))).toEqual({ 201: 3, 429: 1 })
    }
    expect(server.limited[0]).toMatchObject({
      limit: 'register.per_client',
      clientId: 'name:Loop%20%EF%BF%BD%20%F0%9F%90%88',
    })
    // And there is a total, of which what was refused took nothing.
    expect(await knock(4, () => registerAs(server, { software_id: 'last' }))).toEqual({ 201: 1, 429: 3 })
    expect(server.limited.at(-1)).toMatchObject({ limit: 'register.total' })
    server.clock.now += 1200
    expect((await registerAs(server, loop)).status).toBe(201)
  })

  test('is not taken for another one whose name is as long: in Chinese a name is soon longer than what is kept', async () => {
    const server = await start({ register: { per_client: 2 } })
    const [one, other] = ['会议记录助手'.repeat(20), '日程安排助手'.repeat(20)]
    expect(await knock(4, () => registerAs(server, { client_name: one }))).toEqual({ 201: 2, 429: 2 })
    expect(await knock(4, () => registerAs(server, { client_name: other }))).toEqual({ 201: 2, 429: 2 })
  })

  test('what is refused does not count', async () => {
    const server = await start({ register: { per_client: 2 } })
    const bad = { client_name: 'App', redirect_uris: ['javascript:alert(1)'] }
    expect(await knock(5, () => registerAs(server, bad))).toEqual({ 400: 5 })
    expect(await knock(3, () => registerAs(server, { client_name: 'App' }))).toEqual({ 201: 2, 429: 1 })
  })

  test('an initial access token is a party of its own, whatever it registers, and is written down nowhere', async () => {
    const server = await start({ register: { per_client: 2 } })
    const create = async (name: string): Promise<string> => {
      const token = `token-of-${name}`
      const record = { name, hash: await hash(token), createdAt: 0, expiresAt: server.clock.now + 60, usesLeft: null }
      await server.store.registrationTokens.create(record)
      return token
    }
    const [one, two] = [await create('one'), await create('two')]
    const with_ = (token?: string) => () => registerAs(server, { client_name: crypto.randomUUID() }, token)
    expect(await knock(4, with_(one))).toEqual({ 201: 2, 429: 2 })
    expect(await knock(4, with_(two))).toEqual({ 201: 2, 429: 2 })
    expect(await knock(4, with_('guess'))).toEqual({ 401: 4 })
    expect(await knock(4, with_())).toEqual({ 201: 4 })
    expect(JSON.stringify(server.limited)).not.toContain('token-of-')
  })
})

describe('signing in', () => {
  const cheap = hashPassword(USER.password, { ln: 4, r: 8, p: 1 })

  /** Somebody else with the same password. */
  async function addPerson(server: TestServer, username: string): Promise<string> {
    const person = {
      id: username,
      username,
      displayName: null,
      passwordHash: await cheap,
      createdAt: 0,
      disabledAt: null,
    }
    await server.store.users.create(person)
    return username
  }

  /** Somebody signs in on the way to a client; the answer to their password. */
  async function signIn(server: TestServer, query: URLSearchParams, who: Partial<typeof USER> = {}): Promise<Response> {
    const browser = createBrowser(somebody(server))
    const start = await browser.fetch(`${server.issuer}/oauth/authorize?${query}`)
    const page = await browser.fetch(start.headers.get('location') ?? '')
    const body = new URLSearchParams({ ...formFields(await page.text()), ...USER, ...who })
    return browser.fetch('/sign-in', { method: 'POST', body })
  }

  test('for one client is limited by those who do, and never by strangers who name it', async () => {
    const server = await start({ sign_in: { per_client: 2 } })
    const [bea, cleo] = [await addPerson(server, 'bea'), await addPerson(server, 'cleo')]
    const [one, two] = [await registerClient(server), await registerClient(server)]
    const [first, second] = [await authorizationQuery(one.client_id), await authorizationQuery(two.client_id)]
    for (let guess = 0; guess < 4; guess += 1) {
      expect((await signIn(server, first, { username: bea, password: 'wrong' })).status).toBe(403)
    }
    expect((await signIn(server, first)).status).toBe(303)
    expect((await signIn(server, first, { username: bea })).status).toBe(303)
    const refused = await signIn(server, first, { username: cleo })
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '30'])
    expect(await refused.text()).toContain('for this application')
    expect(server.limited).toMatchObject([{ limit: 'sign_in.per_client', clientId: one.client_id }])
    // Neither another client nor the account page is concerned.
    expect((await signIn(server, second, { username: cleo })).status).toBe(303)
    const browser = createBrowser(somebody(server))
    const fields = formFields(await (await browser.fetch('/sign-in')).text())
    const body = new URLSearchParams({ ...fields, ...USER })
    expect((await browser.fetch('/sign-in', { method: 'POST', body })).status).toBe(303)
    server.clock.now += 30
    expect((await signIn(server, first, { username: cleo })).status).toBe(303)
  })

  test('one person, however often they do it, cannot keep the others of a client out', async () => {
    const server = await start({ sign_in: { per_client: 2 } })
    const username = await addPerson(server, 'bea')
    const query = await authorizationQuery((await registerClient(server)).client_id)
    expect(await knock(5, () => signIn(server, query, { username }))).toEqual({ 303: 5 })
    expect((await signIn(server, query)).status).toBe(303)
    // A minute later they count once more.
    server.clock.now += 60
    expect(await knock(5, () => signIn(server, query, { username }))).toEqual({ 303: 5 })
    expect((await signIn(server, query)).status).toBe(303)
    expect((await signIn(server, query, { username })).status).toBe(429)
  })

  test('one person at two replicas on one PostgreSQL counts once a minute, and the limit is that of both', async () => {
    const database = await postgres.createDatabase()
    const replicas = [
      await start({ sign_in: { per_client: 2 } }, { database }),
      await start({ sign_in: { per_client: 2 } }, { database }),
    ] as const
    const [one, two] = replicas
    for (const name of ['bea', 'cleo']) await addPerson(one, name)
    const query = await authorizationQuery((await registerClient(one)).client_id)
    /** What waits to be told is told; each twice, for who is counted may only be known after the first time. */
    const settle = async (): Promise<void> => {
      for (const replica of [one, one, two, two, one]) await replica.flush()
    }
    const statuses: number[] = []
    const visit = async (replica: TestServer, who: Partial<typeof USER> = {}): Promise<void> => {
      statuses.push((await signIn(replica, query, who)).status)
      await settle()
    }
    for (const replica of [one, two, one, two]) await visit(replica)
    await visit(two, { username: 'bea' })
    expect(statuses).toEqual([303, 303, 303, 303, 303])
    for (const replica of replicas) await visit(replica, { username: 'cleo' })
    expect(statuses.slice(5)).toEqual([429, 429])
  })

  test('for a client that is only read once somebody is signed in counts as well', async () => {
    const server = await start({ sign_in: { per_client: 1 } })
    const query = await authorizationQuery('https://app.example/client.json')
    expect((await signIn(server, query)).status).toBe(303)
    expect((await signIn(server, query, { username: await addPerson(server, 'bea') })).status).toBe(429)
  })

  test('what is refused for a client’s sake takes nothing of what is there for everyone', async () => {
    const server = await start({ sign_in: { per_client: 1, total: 20 } })
    const query = await authorizationQuery((await registerClient(server)).client_id)
    expect((await signIn(server, query)).status).toBe(303)
    const username = await addPerson(server, 'bea')
    const browser = createBrowser(somebody(server))
    const page = await browser.fetch(`/sign-in?request=${encodeURIComponent(query.toString())}`)
    const body = new URLSearchParams({ ...formFields(await page.text()), ...USER, username })
    expect(await knock(40, () => browser.fetch('/sign-in', { method: 'POST', body }))).toEqual({ 429: 40 })
    expect((await createBrowser(somebody(server)).fetch('/sign-in')).status).toBe(200)
    expect(server.limited.map(({ limit }) => limit)).toEqual(['sign_in.per_client'])
  })
})
