/**
 * A session as the `authProvider` of both SDK generations, against the demo behind a socket: the transports have no `fetch` of ours.
 *
 * @see docs/adr/0170-what-the-sdks-are-handed.md
 * @module
 */
import { afterEach, describe, expect, test } from 'bun:test'
import {
  Client as ClientV2,
  InsufficientScopeError,
  StreamableHTTPClientTransport as TransportV2,
  UnauthorizedError as UnauthorizedV2,
} from '@modelcontextprotocol/client'
import { UnauthorizedError as UnauthorizedV1 } from '@modelcontextprotocol/sdk/client/auth.js'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { AuthorizationRequiredError, createSession, type Session, type SessionOptions } from '../../client/index.ts'
import { asAuthProvider, asOAuthProvider, type OAuthHost } from '../../client/sdk/index.ts'
import { person as attended, failureOf } from '../support/client.ts'
import { listenTestDemo, type TestDemo } from '../support/demo.ts'
import { createPerson } from '../support/person.ts'

const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

/** A demo, a person at its pages, and a session whose clock goes with the demo's unless `clock.behind` says otherwise. */
async function start(options: SessionOptions = {}) {
  const demo = await listenTestDemo({ registration: { approved_redirects: ['https://app.example/cb'] } })
  open.push(() => demo.close())
  const person = createPerson(demo)
  const clock = { behind: 0 }
  const session = createSession(demo.mcpUrl, {
    client: { name: 'Adapted host' },
    dpop: 'off',
    interaction: attended(async (url) => (await person.visit(url)).href),
    now: () => demo.clock.now - clock.behind,
    ...options,
  })
  return { demo, person, clock, session }
}

type Call = (name: string, args?: Record<string, unknown>) => Promise<string>

const textOf = (content: unknown): string => {
  const [first] = Array.isArray(content) ? content : []
  return first.text
}

/** What a host does with its SDK, in either generation. `connect` may fail, as the first time it must. */
interface Host {
  readonly connect: () => Promise<void>
  readonly finishAuth: (callback: URL) => Promise<void>
  readonly call: Call
}

const unaided = {
  'sdk 1.x': (demo: TestDemo, session: Session, host?: OAuthHost): Host => {
    const authProvider = asOAuthProvider(session, host)
    const newTransport = () => new TransportV1(new URL(demo.mcpUrl), { authProvider })
    const client = new ClientV1({ name: 'host', version: '1.0.0' })
    open.push(() => client.close())
    let transport = newTransport()
    return {
      connect: async () => {
        transport = newTransport()
        await client.connect(transport)
      },
      finishAuth: (callback) => transport.finishAuth(callback.searchParams.get('code') ?? ''),
      call: async (name, args = {}) => textOf((await client.callTool({ name, arguments: args })).content),
    }
  },
  'client 2.x': (demo: TestDemo, session: Session, host?: OAuthHost): Host => {
    const authProvider = asOAuthProvider(session, host)
    const newTransport = () => new TransportV2(new URL(demo.mcpUrl), { authProvider })
    const client = new ClientV2({ name: 'host', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } })
    open.push(() => client.close())
    let transport = newTransport()
    return {
      connect: async () => {
        transport = newTransport()
        await client.connect(transport)
      },
      finishAuth: (callback) => transport.finishAuth(callback.searchParams),
      call: async (name, args = {}) => textOf((await client.callTool({ name, arguments: args })).content),
    }
  },
} as const

const refreshes = (demo: TestDemo) =>
  demo.sent('POST', '/oauth/token').filter(({ form }) => form['grant_type'] === 'refresh_token')

const scopesAsked = (demo: TestDemo) =>
  demo.sent('GET', '/oauth/authorize').map(({ query }) => query.get('scope')?.split(' ').sort())

describe.each(Object.entries(unaided))('asOAuthProvider in %s, people by way of the session', (_, adapt) => {
  /** Connected, after the person has signed in. */
  async function connected() {
    const world = await start()
    const host = adapt(world.demo, world.session)
    expect(await failureOf(host.connect())).toMatchObject({ code: 'authorization_required', reason: 'signed_out' })
    await world.session.authorize()
    await host.connect()
    await world.demo.answered('GET', '/mcp')
    return { ...world, ...host }
  }

  test('sign-in: the SDK registers nobody, asks nobody and redeems nothing; the session does, once', async () => {
    const { demo, person, call } = await connected()
    expect(JSON.parse(await call('whoami'))).toMatchObject({ user: demo.userId })
    expect(JSON.parse(await call('notes_add', { text: 'buy milk' }))).toMatchObject({ text: 'buy milk' })
    expect(person.pages).toEqual(['Sign in · Sallyport', 'Allow access? · Sallyport'])
    expect(demo.sent('POST', '/oauth/register')).toHaveLength(1)
    expect(demo.sent('POST', '/oauth/token')).toHaveLength(1)
    expect(demo.failures).toEqual([])
  })

  test('refresh: parallel calls after the expiry cost one, and no 401', async () => {
    const { demo, call } = await connected()
    demo.clock.now += 16 * 60
    const before = demo.sent('POST', '/mcp').length
    const answers = await Promise.all(['whoami', 'notes_list', 'notes_list'].map((name) => call(name)))
    expect(answers[1]).toBe('[]')
    expect(refreshes(demo).map(({ status }) => status)).toEqual([200])
    expect(
      demo
        .sent('POST', '/mcp')
        .slice(before)
        .map(({ status }) => status),
    ).toEqual([200, 200, 200])
  })

  test('401 for a token that has not expired: renewed without a person, at the price of one failed call', async () => {
    const { demo, person, clock, session, call } = await connected()
    demo.clock.now += 16 * 60
    clock.behind = 15 * 60
    const refused = await failureOf(call('whoami'))
    expect(refused).toMatchObject({ code: 'authorization_required', reason: 'token_rejected' })
    expect(refreshes(demo)).toHaveLength(1)
    await session.authorize()
    expect(JSON.parse(await call('whoami'))).toMatchObject({ user: demo.userId })
    expect(person.pages).toHaveLength(2)
  })

  test('401 after the person has revoked the grant: they are asked again', async () => {
    const { demo, person, session, call } = await connected()
    const [grant] = await demo.store.grants.listLive(demo.userId, demo.clock.now)
    await demo.as.revokeGrant(grant?.id ?? '', demo.userId)
    demo.clock.now += 60
    expect(await failureOf(call('whoami'))).toMatchObject({ reason: 'refresh_rejected' })
    await session.authorize()
    expect(JSON.parse(await call('whoami'))).toMatchObject({ user: demo.userId })
    expect(person.pages.length).toBeGreaterThan(2)
  })

  test('step-up: the union of scopes, whatever the SDK would have asked for', async () => {
    const { demo, session, call } = await connected()
    const refused = await failureOf(call('notes_clear'))
    if (!(refused instanceof AuthorizationRequiredError)) throw refused
    expect(refused.code).toBe('insufficient_scope')
    expect(await call('notes_list')).toBe('[]')

    await session.authorize({ scope: refused.scope })
    expect(await call('notes_clear')).toBe('{"deleted":0}')
    expect(scopesAsked(demo).at(-1)).toEqual(['notes:admin', 'notes:read', 'notes:write', 'offline_access'])
    expect(refreshes(demo)).toEqual([])
  })

  test('a server in trouble while the token is refreshed opens nothing and loses nothing', async () => {
    const world = await start()
    let down = false
    const session = createSession(world.demo.mcpUrl, {
      dpop: 'off',
      interaction: attended(async (url) => (await world.person.visit(url)).href),
      now: () => world.demo.clock.now,
      fetch: async (input, init) =>
        down && String(input).endsWith('/oauth/token')
          ? new Response('<h1>502</h1>', { status: 502 })
          : fetch(input, init),
    })
    await session.authorize()
    const host = adapt(world.demo, session)
    await host.connect()
    await world.demo.answered('GET', '/mcp')
    down = true
    world.demo.clock.now += 16 * 60
    expect(await failureOf(host.call('whoami'))).toMatchObject({ code: 'refresh_unavailable', retryable: true })
    down = false
    world.demo.clock.now += 10
    expect(JSON.parse(await host.call('whoami'))).toMatchObject({ user: world.demo.userId })
    expect(world.person.pages).toHaveLength(2)
  })
})

describe.each(Object.entries(unaided))('asOAuthProvider in %s, people by way of the host', (name, adapt) => {
  const Unauthorized = name === 'sdk 1.x' ? UnauthorizedV1 : UnauthorizedV2

  async function hosted() {
    const world = await start({ interaction: [] })
    const flows: Parameters<OAuthHost['redirect']>[] = []
    const host = adapt(world.demo, world.session, {
      redirectUrl: 'https://app.example/cb',
      redirect: (...flow) => void flows.push(flow),
    })
    await expect(host.connect()).rejects.toBeInstanceOf(Unauthorized)
    const [[url, flow] = []] = flows
    if (url === undefined || flow === undefined) throw new Error('nobody was sent anywhere')
    return { ...world, ...host, flows, flow, callback: await world.person.visit(url) }
  }

  test('`session.complete` ends the flow, with every check', async () => {
    const { demo, session, flow, callback, connect, call, flows } = await hosted()
    const forged = new URL(callback)
    forged.searchParams.set('iss', 'https://evil.example')
    expect((await failureOf(session.complete(flow, forged))).code).toBe('iss_mismatch')

    await session.complete(flow, callback)
    await connect()
    expect(JSON.parse(await call('whoami'))).toMatchObject({ user: demo.userId })
    expect(flows).toHaveLength(1)
  })

  test("the SDK's own `finishAuth` ends it too, once, and what it redeemed is the session's", async () => {
    const { demo, session, callback, connect, call, finishAuth } = await hosted()
    await finishAuth(callback)
    await connect()
    expect(JSON.parse(await call('whoami'))).toMatchObject({ user: demo.userId })
    expect(await session.status()).toBe('ready')
    await expect(finishAuth(callback)).rejects.toThrow()

    demo.clock.now += 16 * 60
    expect(await call('notes_list')).toBe('[]')
    expect(refreshes(demo).map(({ status }) => status)).toEqual([200])
    expect(demo.sent('POST', '/oauth/register')).toHaveLength(1)
  })

  test('step-up sends the person off with the union of scopes', async () => {
    const { demo, session, person, flow, callback, connect, call, flows } = await hosted()
    await session.complete(flow, callback)
    await connect()
    await expect(call('notes_clear')).rejects.toBeInstanceOf(Unauthorized)
    const [url, wider] = flows.at(-1) ?? []
    if (url === undefined || wider === undefined) throw new Error('nobody was sent anywhere')
    await session.complete(wider, await person.visit(url))
    expect(await call('notes_clear')).toBe('{"deleted":0}')
    expect(scopesAsked(demo).at(-1)).toEqual(['notes:admin', 'notes:read', 'notes:write', 'offline_access'])
  })
})

describe('asAuthProvider in client 2.x', () => {
  async function connected() {
    const world = await start()
    const client = new ClientV2({ name: 'host', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } })
    open.push(() => client.close())
    const authProvider = asAuthProvider(world.session)
    const connect = () => client.connect(new TransportV2(new URL(world.demo.mcpUrl), { authProvider }))
    expect(await failureOf(connect())).toMatchObject({ code: 'authorization_required', reason: 'signed_out' })
    await world.session.authorize()
    await connect()
    await world.demo.answered('GET', '/mcp')
    const call = async (name: string) => textOf((await client.callTool({ name })).content)
    return { ...world, call }
  }

  test('sign-in, and a refresh before the expiry that parallel calls share', async () => {
    const { demo, person, call } = await connected()
    expect(JSON.parse(await call('whoami'))).toMatchObject({ user: demo.userId })
    demo.clock.now += 16 * 60
    await Promise.all(['whoami', 'notes_list', 'notes_list'].map(call))
    expect(refreshes(demo).map(({ status }) => status)).toEqual([200])
    expect(person.pages).toHaveLength(2)
    expect(demo.sent('POST', '/oauth/register')).toHaveLength(1)
  })

  test('401 for a token that has not expired: renewed once for parallel calls, which all succeed', async () => {
    const { demo, clock, call } = await connected()
    demo.clock.now += 16 * 60
    clock.behind = 15 * 60
    const answers = await Promise.all(['notes_list', 'notes_list', 'notes_list'].map(call))
    expect(answers).toEqual(['[]', '[]', '[]'])
    expect(refreshes(demo)).toHaveLength(1)
  })

  test('401 after the grant was revoked: a person is needed', async () => {
    const { demo, session, call } = await connected()
    const [grant] = await demo.store.grants.listLive(demo.userId, demo.clock.now)
    await demo.as.revokeGrant(grant?.id ?? '', demo.userId)
    demo.clock.now += 60
    expect(await failureOf(call('whoami'))).toMatchObject({ reason: 'refresh_rejected' })
    await session.authorize()
    expect(JSON.parse(await call('whoami'))).toMatchObject({ user: demo.userId })
  })

  test("step-up: the transport's InsufficientScopeError says what to authorize", async () => {
    const { session, call } = await connected()
    const refused = await call('notes_clear').catch((error) => error)
    if (!(refused instanceof InsufficientScopeError)) throw refused
    await session.authorize({ scope: refused.requiredScope ?? '' })
    expect(await call('notes_clear')).toBe('{"deleted":0}')
  })
})

describe('what cannot work says so at once', () => {
  const url = 'https://mcp.example.com/mcp'
  test.each(['preferred', 'required'] as const)(
    'a session with dpop `%s`: an SDK would send the token as Bearer',
    (dpop) => {
      for (const adapt of [asOAuthProvider, asAuthProvider]) {
        expect(() => adapt(createSession(url, { dpop }))).toThrow(expect.objectContaining({ code: 'configuration' }))
      }
    },
  )
  test('a copy of a session', () => {
    const copy = { ...createSession(url, { dpop: 'off' }) }
    expect(() => asAuthProvider(copy)).toThrow(expect.objectContaining({ code: 'configuration' }))
  })
})
