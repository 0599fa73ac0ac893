/**
 * Floods: one address, one client or everyone asks more often than a limit allows.
 *
 * @see RFC 6585 section 4: 429 Too Many Requests
 * @see docs/adr/0111-rate-limits.md
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import type { ConfigInput } from '../../server/config.ts'
import {
  authorizationQuery,
  codeForm,
  createBrowser,
  createTestServer,
  formFields,
  obtainCode,
  obtainTokens,
  postForm,
  REDIRECT_URI,
  registerClient,
  type TestServer,
  USER,
} from '../support/authorization-server.ts'
import { expectError } from '../support/oauth-error.ts'
import { createPerson } from '../support/person.ts'

const servers: TestServer[] = []
afterAll(() => Promise.all(servers.map((server) => server.close())))

async function start(rate_limits: NonNullable<ConfigInput['rate_limits']> = {}): Promise<TestServer> {
  const server = await createTestServer({ rate_limits })
  servers.push(server)
  return server
}

const HERE = '192.0.2.1'
const ELSEWHERE = '198.51.100.7'

/** The same server as someone at this address reaches it. */
const from = (server: TestServer, address = HERE): Pick<TestServer, 'fetch'> => ({
  async fetch(input, init) {
    const url = typeof input === 'string' && input.startsWith('/') ? server.issuer + input : input
    return (await server.handle(new Request(url, init), address)) ?? new Response(null, { status: 404 })
  },
})

const guess = (server: Pick<TestServer, 'fetch'>, client_id = 'nobody'): Promise<Response> =>
  postForm(server, '/oauth/token', { grant_type: 'refresh_token', refresh_token: 'wrong', client_id })

const register = (server: Pick<TestServer, 'fetch'>): Promise<Response> =>
  server.fetch('/oauth/register', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'none' }),
  })

const revoke = (server: Pick<TestServer, 'fetch'>): Promise<Response> =>
  postForm(server, '/oauth/revoke', { token: 'wrong', client_id: 'nobody' })

const introspect = (server: Pick<TestServer, 'fetch'>): Promise<Response> =>
  postForm(server, '/oauth/introspect', { token: 'wrong', client_id: 'nobody' })

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

describe('one address', () => {
  const ENDPOINTS = [
    ['token', guess, { token: { per_address: 5, failures: 0 } }, 401],
    ['token', revoke, { token: { per_address: 5, failures: 0 } }, 401],
    ['introspect', introspect, { introspect: { per_address: 5, failures: 0 } }, 401],
    ['register', register, { register: { per_address: 5 } }, 201],
  ] as const

  test.each(ENDPOINTS)(
    '%s: as many as the limit, then 429, while others go on',
    async (name, request, limits, status) => {
      const server = await start(limits)
      expect(await knock(8, () => request(from(server)))).toEqual({ [status]: 5, 429: 3 })
      const wait = await expectLimited(await request(from(server)))
      expect(wait).toBe(name === 'register' ? 720 : 12)
      expect((await request(from(server, ELSEWHERE))).status).toBe(status)

      // Who comes back a second too early is refused, who waits is not.
      server.clock.now += wait - 1
      expect(await expectLimited(await request(from(server)))).toBe(1)
      server.clock.now += 1
      expect(await knock(2, () => request(from(server)))).toEqual({ [status]: 1, 429: 1 })
    },
  )

  test('the pages say it on a page, and when to come back', async () => {
    const server = await start({ authorize: { per_address: 3 }, sign_in: { per_address: 3 } })
    for (const path of ['/oauth/authorize?client_id=nobody', '/sign-in']) {
      expect((await knock(5, () => from(server).fetch(path)))[429]).toBe(2)
      const response = await from(server).fetch(path)
      expect([response.status, response.headers.get('retry-after')]).toEqual([429, '20'])
      expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
      expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
      expect(await response.text()).toContain('Too many requests came from here')
      expect((await from(server, ELSEWHERE).fetch(path)).status).not.toBe(429)
    }
  })

  test('each way of the pages counts: consent, account, signing in and out', async () => {
    for (const path of ['/oauth/authorize/consent', '/account/revoke', '/sign-in', '/sign-out']) {
      const server = await start({ authorize: { per_address: 2 }, sign_in: { per_address: 2 } })
      expect(await knock(4, () => from(server).fetch(path, { method: 'POST' }))).toEqual({ 400: 2, 429: 2 })
    }
    const server = await start({ authorize: { per_address: 2 } })
    expect((await knock(4, () => from(server).fetch('/account')))[429]).toBe(2)
  })

  test('is refused before its body is read', async () => {
    const server = await start({ token: { per_address: 1 }, register: { per_address: 1 } })
    for (const path of ['/oauth/token', '/oauth/register']) {
      await from(server).fetch(path, { method: 'POST' })
      const seen = { bytes: 0 }
      const body = new ReadableStream<Uint8Array>(
        {
          pull(controller) {
            seen.bytes += 1024
            if (seen.bytes > 1024 * 1024) controller.close()
            else controller.enqueue(new Uint8Array(1024))
          },
        },
        { highWaterMark: 0 },
      )
      await expectLimited(await from(server).fetch(path, { method: 'POST', body }))
      expect(seen.bytes).toBe(0)
    }
  })

  test('that nobody knows is no address of its own: where there is no listener, only the other limits hold', async () => {
    const server = await start({ token: { per_address: 1, failures: 1, total: 4 } })
    expect(await knock(6, () => guess(server))).toEqual({ 401: 4, 429: 2 })
  })

  test('other methods and the metadata cost nothing', async () => {
    const server = await start({ token: { per_address: 1 } })
    const free = [
      () => from(server).fetch('/oauth/token', { method: 'OPTIONS' }),
      () => from(server).fetch('/.well-known/oauth-authorization-server'),
      () => from(server).fetch('/.well-known/jwks.json'),
    ]
    for (const request of free) expect((await knock(5, request))[429]).toBeUndefined()
    expect((await guess(from(server))).status).toBe(401)
  })

  test('a browser of another origin can read the answer', async () => {
    const server = await start({ token: { per_address: 1 } })
    await guess(from(server))
    const response = await guess(from(server))
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(response.headers.get('access-control-expose-headers')).toContain('Retry-After')
  })
})

describe('everyone together', () => {
  test('a thousand addresses are one total', async () => {
    const server = await start({ register: { total: 10 } })
    let next = 0
    const request = (): Promise<Response> => register(from(server, `10.0.${next >> 8}.${next++ & 255}`))
    expect(await knock(300, request)).toEqual({ 201: 10, 429: 290 })
    expect(await server.store.clients.list()).toHaveLength(10)
  })

  test('who is refused by address does not use up what is there for all', async () => {
    const server = await start({ register: { per_address: 2, total: 10 } })
    expect(await knock(50, () => register(from(server)))).toEqual({ 201: 2, 429: 48 })
    expect(await knock(2, () => register(from(server, ELSEWHERE)))).toEqual({ 201: 2 })
  })
})

describe('one client', () => {
  const refresh = (server: Pick<TestServer, 'fetch'>, client_id: string, refresh_token: string): Promise<Response> =>
    postForm(server, '/oauth/token', { grant_type: 'refresh_token', refresh_token, client_id })

  test('gets tokens as often as its limit says, wherever its users are', async () => {
    const server = await start({ token: { per_client: 4 } })
    const { client_id } = await registerClient(server)
    let { refresh_token } = await obtainTokens(server, client_id)
    for (const last of [2, 3, 4]) {
      const answer = await refresh(from(server, `192.0.2.${last}`), client_id, refresh_token)
      expect(answer.status).toBe(200)
      ;({ refresh_token } = await answer.json())
    }
    expect(await expectLimited(await refresh(from(server, ELSEWHERE), client_id, refresh_token))).toBe(15)
    // Nothing was done: the token is good when the time has come. And nobody else has to wait.
    const other = await registerClient(server)
    await obtainTokens(server, other.client_id)
    server.clock.now += 15
    expect((await refresh(from(server, ELSEWHERE), client_id, refresh_token)).status).toBe(200)
  })

  test('AS-070 cannot be locked out by strangers who name it, however often they fail', async () => {
    const server = await start({ token: { per_client: 4, failures: 3 } })
    const { client_id } = await registerClient(server)
    const { refresh_token } = await obtainTokens(server, client_id)
    for (let stranger = 0; stranger < 50; stranger += 1) {
      expect((await knock(4, () => guess(from(server, `10.1.1.${stranger}`), client_id)))[429]).toBe(1)
    }
    // A revocation is answered 200 whatever it revokes.
    const nothing = { token: 'unknown', client_id }
    expect(await knock(50, () => postForm(from(server, ELSEWHERE), '/oauth/revoke', nothing))).toEqual({ 200: 50 })
    expect((await refresh(from(server), client_id, refresh_token)).status).toBe(200)
  })

  test('AS-070 guesses of one client from one address are few, and another client at that address goes on', async () => {
    const server = await start({ token: { failures: 3 } })
    const [one, two] = [await registerClient(server), await registerClient(server)]
    const code = await obtainCode(server, one.client_id)
    expect(await knock(6, () => guess(from(server), one.client_id))).toEqual({ 400: 3, 429: 3 })
    // The right code too: whether a guess was right must not show.
    await expectLimited(await postForm(from(server), '/oauth/token', codeForm(one.client_id, code)))
    expect((await guess(from(server), two.client_id)).status).toBe(400)
  })

  test('AS-070 a secret is guessed as slowly in the header as in the body, and at every endpoint that takes one', async () => {
    const confidential = { token_endpoint_auth_method: 'client_secret_basic' }
    for (const path of ['/oauth/token', '/oauth/revoke', '/oauth/introspect']) {
      const server = await start({ token: { failures: 3 }, introspect: { failures: 3 } })
      const { client_id, client_secret = '' } = await registerClient(server, confidential)
      const form = { grant_type: 'refresh_token', refresh_token: 'x', token: 'x' }
      const basic = (secret: string) => ({ authorization: `Basic ${btoa(`${client_id}:${secret}`)}` })
      expect(await knock(2, () => postForm(from(server), path, form, basic('wrong')))).toEqual({ 401: 2 })
      expect((await postForm(from(server), path, { ...form, client_id, client_secret: 'wrong' })).status).toBe(401)
      await expectLimited(await postForm(from(server), path, form, basic(client_secret)))
      await expectLimited(await postForm(from(server), path, { ...form, client_id, client_secret }))
    }
  })

  test('what is refused for other reasons is no guess', async () => {
    const server = await start({ token: { failures: 2 } })
    const { client_id } = await registerClient(server)
    const tokens = await obtainTokens(server, client_id)
    const request = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token, client_id, scope: 'unknown' }
    expect(await knock(6, () => postForm(from(server), '/oauth/token', request))).toEqual({ 400: 6 })
  })

  test('ids that are long, empty or strange are counted all the same, and bounded', async () => {
    const server = await start({ token: { failures: 3 } })
    for (const strange of ['x'.repeat(8000), '\0', 'a b', '\u{1F511}']) {
      const address = `192.0.2.${strange.length % 250}`
      expect(await knock(5, () => guess(from(server, address), strange))).toEqual({ 401: 3, 429: 2 })
    }
    expect(server.failures).toEqual([])
  })

  test('people who are signed in ask for codes for one client as often as its limit says', async () => {
    const server = await start({ authorize: { per_client: 4 } })
    const [one, two] = [await registerClient(server), await registerClient(server)]
    const visit = async (clientId: string) =>
      person.visit(`${server.issuer}/oauth/authorize?${await authorizationQuery(clientId)}`)
    const person = createPerson(from(server))
    await visit(one.client_id)
    await visit(one.client_id)
    await expect(visit(one.client_id)).rejects.toThrow('a page with status 429')
    await visit(two.client_id)
    // Strangers who are not signed in do not count: the next minute is the owner's.
    await knock(50, async () =>
      from(server, ELSEWHERE).fetch(`/oauth/authorize?${await authorizationQuery(one.client_id)}`),
    )
    server.clock.now += 60
    await visit(one.client_id)
  })
})

describe('signing in', () => {
  test('is limited by address, beside the brake on wrong passwords', async () => {
    const server = await start({ sign_in: { per_address: 6 } })
    const browser = createBrowser(from(server))
    const fields = formFields(await (await browser.fetch('/sign-in')).text())
    const attempt = (username: string): Promise<Response> =>
      browser.fetch('/sign-in', {
        method: 'POST',
        body: new URLSearchParams({ ...fields, username, password: 'wrong' }),
      })
    for (let name = 0; name < 5; name += 1) expect((await attempt(`user ${name}`)).status).toBe(403)
    expect((await attempt(USER.username)).status).toBe(429)
    expect(server.limited).toMatchObject([{ limit: 'sign_in.per_address', from: HERE }])
  })
})

describe('the log', () => {
  test('names who is limited once in a window, and nothing that the request said', async () => {
    const server = await start({ token: { per_address: 3, failures: 2 }, register: { total: 1 } })
    await knock(50, () => guess(from(server), 'canary'))
    await knock(50, () => guess(from(server, '2001:db8:1:2:3::4'), 'canary'))
    await knock(50, () => register(from(server)))
    expect(server.limited.every(({ requestId }) => requestId !== undefined)).toBe(true)
    expect(server.limited.map(({ requestId, ...limited }) => limited)).toEqual([
      { limit: 'token.failures', from: HERE },
      { limit: 'token.per_address', from: HERE },
      { limit: 'token.failures', from: '2001:db8:1:2::' },
      { limit: 'token.per_address', from: '2001:db8:1:2::' },
      { limit: 'register.total' },
    ])
    server.clock.now += 61
    await knock(10, () => guess(from(server), 'canary'))
    expect(server.limited).toHaveLength(7)
  })
})

describe('what real hosts do', () => {
  test('defaults: 500 people of a hosted client refresh within a minute from one address, 32 at once, and nobody waits', async () => {
    const server = await start()
    const { client_id } = await registerClient(server)
    const { refresh_token } = await obtainTokens(server, client_id)
    const refreshes = (): Promise<Response>[] =>
      Array.from({ length: 32 }, () =>
        postForm(from(server), '/oauth/token', { grant_type: 'refresh_token', refresh_token, client_id }),
      )
    const answers = (await Promise.all(Array.from({ length: 16 }, refreshes).flat())).map(({ status }) => status)
    expect(new Set(answers)).toEqual(new Set([200]))
    expect((await knock(500, () => register(from(server))))[429]).toBeUndefined()
  })

  test('0 is no limit', async () => {
    const off = { per_address: 0, total: 0 }
    const server = await start({ register: off, token: { ...off, per_client: 0, failures: 0 } })
    expect(await knock(1100, () => guess(from(server)))).toEqual({ 401: 1100 })
    expect(await knock(1100, () => register(from(server)))).toEqual({ 201: 1100 })
  })
})
