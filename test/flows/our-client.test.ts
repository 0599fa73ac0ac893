/**
 * Our client against our server: sign in once, and a host calls protected tools until it signs out.
 *
 * @module
 */
import { afterEach, describe, expect, test } from 'bun:test'
import {
  AuthorizationRequiredError,
  createSession,
  follow,
  type Session,
  type SessionOptions,
} from '../../client/index.ts'
import { loopback } from '../../client/node/index.ts'
import { person as attended, failureOf } from '../support/client.ts'
import { createTestDemo, listenTestDemo, type TestDemo, USER } from '../support/demo.ts'
import { callTool, toolResult } from '../support/mcp-call.ts'
import { createPerson, type Person } from '../support/person.ts'
import { hostV1, hostV2 } from '../support/session-hosts.ts'

const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

const started = (demo: TestDemo): TestDemo => {
  open.push(() => demo.close())
  return demo
}

/** A session whose requests and clock are the demo's. */
const sessionAt = (demo: TestDemo, options: SessionOptions = {}): Session =>
  createSession(demo.mcpUrl, { client: { name: 'Our host' }, fetch: demo.fetch, now: () => demo.clock.now, ...options })

/** A person at the pages, as the session's interaction. */
const asking = (person: Person) => attended(async (url) => (await person.visit(url)).href)

const call = (session: Session, name: string, args: Record<string, unknown> = {}) =>
  callTool(session.fetch, session.resource, name, args)

/** A demo with a person at its pages, and a session that they have signed in. */
async function signedIn(options: SessionOptions = {}) {
  const demo = started(await createTestDemo())
  const person = createPerson(demo)
  const session = sessionAt(demo, { interaction: asking(person), ...options })
  await session.authorize()
  return { demo, person, session }
}

const refreshes = (demo: TestDemo) =>
  demo.sent('POST', '/oauth/token').filter(({ form }) => form['grant_type'] === 'refresh_token')

describe.each([
  ['an issuer without a path', 'https://demo.example'],
  ['an issuer with a path', 'https://demo.example/tenant'],
])('the whole way, %s', (_, issuer) => {
  test('with a person at the pages', async () => {
    const demo = started(await createTestDemo({ issuer }))
    const person = createPerson(demo)
    const session = sessionAt(demo, { interaction: asking(person) })

    const refused = await failureOf(call(session, 'whoami'))
    expect(refused).toMatchObject({ code: 'authorization_required', reason: 'signed_out', interactive: true })
    expect(person.pages).toEqual([])

    const grant = await session.authorize()
    expect(grant.scope).toEqual(['notes:read', 'notes:write'])
    expect(person.pages).toEqual(['Sign in · Sallyport', 'Allow access? · Sallyport'])
    expect(await session.status()).toBe('ready')

    expect(await toolResult(await call(session, 'whoami'))).toMatchObject({ user: demo.userId, scopes: grant.scope })
    expect(await toolResult(await call(session, 'notes_add', { text: 'buy milk' }))).toMatchObject({ text: 'buy milk' })
    expect(await toolResult(await call(session, 'notes_list'))).toMatchObject([{ text: 'buy milk' }])
    expect(demo.failures).toEqual([])
  })

  test('with the development login, without a page or a word', async () => {
    const demo = started(await createTestDemo({ issuer, dev_login: USER.username }))
    const session = sessionAt(demo, { interaction: follow() })
    // Nobody has to be waited for, so the first call signs in by itself.
    expect(await toolResult(await call(session, 'whoami'))).toMatchObject({ user: demo.userId })
    expect(demo.sent('POST', `${new URL(issuer).pathname.replace(/\/$/, '')}/oauth/register`)).toHaveLength(1)
  })
})

describe('refresh', () => {
  test('an expired token is replaced before it is sent', async () => {
    const { demo, session } = await signedIn()
    demo.clock.now += 16 * 60
    expect(await session.status()).toBe('refreshable')
    expect((await call(session, 'whoami')).status).toBe(200)
    expect(refreshes(demo)).toHaveLength(1)
    // The 401 is that of the probe, before anybody signed in.
    expect(demo.sent('POST', '/mcp').map(({ status }) => status)).toEqual([401, 200])
  })

  test.each([
    ['the session knows that its token expired', () => 0],
    // It sends the dead token and learns from the 401s, as when keys were rotated or a grant was touched.
    ['its clock stands still', (demo: TestDemo) => demo.clock.now],
  ])('parallel calls share one refresh: %s', async (_, frozen) => {
    const demo = started(await createTestDemo())
    const before = frozen(demo)
    const now = () => (before === 0 ? demo.clock.now : before)
    // Proofs would need clocks that agree.
    const session = sessionAt(demo, { interaction: asking(createPerson(demo)), now, dpop: 'off' })
    await session.authorize()

    demo.clock.now += 16 * 60
    const answers = await Promise.all(Array.from({ length: 8 }, () => call(session, 'whoami')))

    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200))
    expect(refreshes(demo).map(({ status }) => status)).toEqual([200])
    expect(demo.events).not.toContainEqual(expect.objectContaining({ type: 'refresh_replayed' }))
  })

  test('it goes on for as long as the grant lives, and then a person is asked', async () => {
    const { demo, person, session } = await signedIn()
    for (let week = 0; week < 12; week += 1) {
      demo.clock.now += 7 * 24 * 60 * 60
      expect((await call(session, 'whoami')).status).toBe(200)
    }
    demo.clock.now += 7 * 24 * 60 * 60
    expect(await failureOf(call(session, 'whoami'))).toMatchObject({ reason: 'refresh_rejected' })
    await session.authorize()
    expect((await call(session, 'whoami')).status).toBe(200)
    expect(person.pages.filter((page) => page.startsWith('Allow'))).toHaveLength(2)
  })

  test('an outage keeps the session: no page, and the next call works', async () => {
    const demo = started(await createTestDemo())
    let down = false
    const session = sessionAt(demo, {
      interaction: asking(createPerson(demo)),
      fetch: async (input, init) =>
        down && String(input).endsWith('/oauth/token')
          ? Response.json({ error: 'temporarily_unavailable' }, { status: 503, headers: { 'retry-after': '5' } })
          : demo.fetch(input, init),
    })
    await session.authorize()
    demo.clock.now += 16 * 60
    down = true
    expect(await failureOf(call(session, 'whoami'))).toMatchObject({ code: 'refresh_unavailable', retryAfter: 5 })
    down = false
    demo.clock.now += 5
    expect((await call(session, 'whoami')).status).toBe(200)
  })
})

describe('step-up', () => {
  test('`notes_clear` asks for the union of scopes, and works once a person agreed', async () => {
    const { demo, person, session } = await signedIn()
    await call(session, 'notes_add', { text: 'one' })

    const refused = await failureOf(call(session, 'notes_clear'))
    if (!(refused instanceof AuthorizationRequiredError)) throw refused
    expect(refused.code).toBe('insufficient_scope')
    expect([...refused.scope].sort()).toEqual(['notes:admin', 'notes:read', 'notes:write', 'offline_access'])
    // The present token keeps working for the rest.
    expect((await call(session, 'notes_list')).status).toBe(200)

    const grant = await session.authorize({ scope: refused.scope })
    expect([...grant.scope].sort()).toEqual(['notes:admin', 'notes:read', 'notes:write'])
    expect(await toolResult(await call(session, 'notes_clear'))).toEqual({ deleted: 1 })
    expect(person.pages).toHaveLength(3)
    expect(demo.sent('POST', '/oauth/register')).toHaveLength(1)
  })

  test('where nobody has to be asked it happens inside the call', async () => {
    const demo = started(await createTestDemo({ dev_login: USER.username }))
    const session = sessionAt(demo, { interaction: follow() })
    expect(await toolResult(await call(session, 'notes_clear'))).toEqual({ deleted: 0 })
    expect(demo.sent('GET', '/oauth/authorize').map(({ query }) => query.get('scope'))).toEqual([
      'notes:read notes:write offline_access',
      'notes:read notes:write offline_access notes:admin',
    ])
  })

  test('a person who denies is not asked again by the session', async () => {
    const demo = started(await createTestDemo())
    const person = createPerson(demo, { decision: 'deny' })
    const session = sessionAt(demo, { interaction: asking(person) })
    expect(await failureOf(session.authorize())).toMatchObject({ code: 'authorization_denied' })
    expect(person.pages).toHaveLength(2)
    expect(await session.status()).toBe('signed-out')
  })
})

describe('signing out', () => {
  test('revokes both tokens at the server, and deletes them here', async () => {
    const { demo, session } = await signedIn({ dpop: 'off' })
    await call(session, 'whoami')
    const token = demo.sent('POST', '/mcp').at(-1)?.headers.get('authorization') ?? ''
    expect((await callTool(demo.fetch, demo.mcpUrl, 'whoami', {}, { authorization: token })).status).toBe(200)

    expect(await session.logout()).toEqual({ revoked: true, deleted: true })

    expect(await session.status()).toBe('signed-out')
    expect((await callTool(demo.fetch, demo.mcpUrl, 'whoami', {}, { authorization: token })).status).toBe(401)
    expect(demo.events).toContainEqual(expect.objectContaining({ type: 'grant_revoked', reason: 'revocation_request' }))
    expect(await failureOf(call(session, 'whoami'))).toMatchObject({ reason: 'signed_out' })
  })

  test('revoked by the person on the account page, the session asks again', async () => {
    const { demo, session } = await signedIn()
    const [grant] = await demo.store.grants.listLive(demo.userId, demo.clock.now)
    expect(await demo.as.revokeGrant(grant?.id ?? '', demo.userId)).toBe(true)
    expect(await failureOf(call(session, 'whoami'))).toMatchObject({ reason: 'refresh_rejected', final: false })
    await session.authorize()
    expect((await call(session, 'whoami')).status).toBe(200)
  })
})

test('a host with a redirect of its own begins and completes the flow, once', async () => {
  const demo = started(await createTestDemo({ registration: { approved_redirects: ['https://app.example/cb'] } }))
  const session = sessionAt(demo)
  const flow = await session.begin({ redirectUri: 'https://app.example/cb' })
  const callback = await createPerson(demo).visit(flow.url)
  expect(callback.href).toStartWith('https://app.example/cb?')

  // The flow has been in a cookie meanwhile.
  const kept = JSON.parse(JSON.stringify(flow))
  expect((await session.complete(kept, callback)).scope).toEqual(['notes:read', 'notes:write'])
  expect((await call(session, 'whoami')).status).toBe(200)
  expect(await failureOf(session.complete(kept, callback))).toMatchObject({ code: 'flow_unknown' })
})

const hosts = [
  ['sdk 1.x', hostV1],
  ['client 2.x', hostV2],
] as const

describe.each(hosts)('`session.fetch` in the transport of %s', (_, createHost) => {
  test('calls tools, refreshes, and lets the step-up through to the host', async () => {
    const { demo, session } = await signedIn()
    const host = createHost(session)
    open.push(() => host.close())
    await host.connect()
    expect(await host.call('notes_list')).toEqual([{ type: 'text', text: '[]' }])

    demo.clock.now += 16 * 60
    const answers = await Promise.all(['whoami', 'notes_list', 'notes_list'].map(host.call))
    expect(answers[1]).toEqual([{ type: 'text', text: '[]' }])
    expect(refreshes(demo)).toHaveLength(1)

    const refused = await failureOf(host.call('notes_clear'))
    if (!(refused instanceof AuthorizationRequiredError)) throw refused
    await session.authorize({ scope: refused.scope })
    expect(await host.call('notes_clear')).toEqual([{ type: 'text', text: '{"deleted":0}' }])
  })
})

test("over sockets: a loopback listener, a browser, and the runtime's own fetch", async () => {
  const demo = started(await listenTestDemo())
  const person = createPerson(demo)
  const session = createSession(demo.mcpUrl, {
    now: () => demo.clock.now,
    interaction: loopback({ open: async (url) => void fetch(await person.visit(url)), show: () => {} }),
  })
  await session.authorize()
  expect(await toolResult(await call(session, 'whoami'))).toMatchObject({ user: demo.userId })
  expect(await session.logout()).toEqual({ revoked: true, deleted: true })
})
