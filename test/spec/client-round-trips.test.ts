/**
 * How many requests it takes to be let in: as many as the protocol needs, and none that was answered before.
 *
 * @see MCP 2026-07-28, authorization, "Authorization Flow Steps"
 * @see RFC 9728 section 7.10
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { clientCredentials, createSession, memoryStore, type SessionOptions } from '../../client/index.ts'
import { approve, attendedSessionIn } from '../support/client.ts'
import { type FakeOptions, type FakeWorld, fakeWorld, json } from '../support/fake-authorization-server.ts'

const AS = 'https://as.example.com'
const HOST = 'https://app.example/client.json'

/** What was sent since the last look, in short: the person's own requests are those of a browser. */
function log(world: FakeWorld) {
  let seen = 0
  const names: Readonly<Record<string, string>> = {
    [world.resource]: 'resource',
    [world.metadataUrl]: 'resource metadata',
    [world.serverMetadataUrl]: 'server metadata',
    [`${AS}/register`]: 'register',
    [`${AS}/authorize`]: '(browser)',
    [`${AS}/token`]: 'token',
  }
  return () => {
    const since = world.requests.slice(seen)
    seen = world.requests.length
    return since.map(({ url }) => names[url] ?? url)
  }
}

function start(options: SessionOptions = {}, fake: FakeOptions = {}) {
  const world = fakeWorld({
    ...fake,
    serverMetadata: { client_id_metadata_document_supported: true, ...fake.serverMetadata },
  })
  const store = memoryStore(world.now)
  const open = (more: SessionOptions = {}) => attendedSessionIn(world, approve(world), { store, ...options, ...more })
  return { world, store, open, sent: log(world) }
}

/** As a host does: try, have the person asked, try again. */
async function letIn(session: ReturnType<typeof attendedSessionIn>): Promise<number> {
  const first = await session.fetch(session.resource).catch(() => undefined)
  if (first !== undefined) return first.status
  await session.authorize()
  return (await session.fetch(session.resource)).status
}

const COLD = ['resource', 'resource metadata', 'server metadata']

describe('from a cold 401 to the first answer', () => {
  const cases: readonly [string, SessionOptions, readonly string[]][] = [
    ['a client that registers itself', {}, [...COLD, 'register', '(browser)', 'token', 'resource']],
    ['a client with a document', { client: { metadataUrl: HOST } }, [...COLD, '(browser)', 'token', 'resource']],
    ['a client that is known', { client: { id: 'known', issuer: AS } }, [...COLD, '(browser)', 'token', 'resource']],
  ]
  test.each(cases)('C-013 C-031 %s', async (_name, options, expected) => {
    const { open, sent } = start(options)
    expect(await letIn(open())).toBe(200)
    expect(sent()).toEqual([...expected])
  })

  test('C-013 without the first 401, the client asks for it: no more than that', async () => {
    const { world, open, sent } = start({ client: { metadataUrl: HOST } })
    await open().authorize()
    await open().fetch(world.resource)
    expect(sent()).toEqual([...COLD, '(browser)', 'token', 'resource'])
  })

  test('an agent, the first time, when its token is refused, expired, or too narrow', async () => {
    const { world, open, sent } = start()
    let serial = 0
    world.on('POST', `${AS}/token`, ({ form }) => {
      serial += 1
      world.tokens.set(`machine-${serial}`, {
        scope: (form.get('scope') ?? '').split(' '),
        expiresAt: world.clock.now + 900,
      })
      return json({ access_token: `machine-${serial}`, token_type: 'Bearer', expires_in: 900 })
    })
    const agent = open({
      grant: clientCredentials(),
      client: { id: 'agent', secret: 's', issuer: AS },
      interaction: [],
    })
    expect((await agent.fetch(world.resource)).status).toBe(200)
    expect(sent()).toEqual([...COLD, 'token', 'resource'])
    expect((await agent.fetch(world.resource)).status).toBe(200)
    expect(sent()).toEqual(['resource'])
    world.forgetAccessTokens()
    expect((await agent.fetch(world.resource)).status).toBe(200)
    expect(sent()).toEqual([...COLD, 'token', 'resource'])
    world.mcp.scope = ['write']
    expect((await agent.fetch(world.resource)).status).toBe(200)
    expect(sent()).toEqual(['resource', 'token', 'resource'])
    // The metadata says nothing of caching, so it is good for five minutes.
    world.clock.now += 900
    expect((await agent.fetch(world.resource)).status).toBe(200)
    expect(sent()).toEqual(['resource metadata', 'server metadata', 'token', 'resource'])
  })

  test('of several requests at once, each is refused once, and everything else happens once', async () => {
    const { world, open, sent } = start()
    const session = open()
    await Promise.all([1, 2, 3].map(() => letIn(session)))
    const names = sent()
    const count = Object.fromEntries(names.map((name) => [name, names.filter((other) => other === name).length]))
    expect(count).toEqual({
      resource: 6,
      'resource metadata': 1,
      'server metadata': 1,
      register: 1,
      '(browser)': 1,
      token: 1,
    })
    expect(world.resource).toBe(session.resource)
  })
})

describe('with what is stored already', () => {
  test('C-021 a token: nothing but the request, in another session too', async () => {
    const { open, sent } = start()
    await letIn(open())
    sent()
    expect(await letIn(open())).toBe(200)
    expect(sent()).toEqual(['resource'])
  })

  test('C-021 an expired token: one refresh, and no discovery', async () => {
    const { world, open, sent } = start({}, { expiresIn: 100 })
    await letIn(open())
    world.clock.now += 100
    sent()
    expect(await letIn(open())).toBe(200)
    expect(sent()).toEqual(['token', 'resource'])
  })

  test('C-021 C-060 signed out: the person, the token, and nothing that is known', async () => {
    const { open, sent } = start({}, { serverMetadata: { revocation_endpoint: undefined } })
    const session = open()
    await letIn(session)
    await session.logout()
    sent()
    expect(await letIn(open())).toBe(200)
    expect(sent()).toEqual(['resource', '(browser)', 'token', 'resource'])
  })

  test('C-019 C-069 a token that is refused before its time: the metadata is read again, then one refresh', async () => {
    const { world, open, sent } = start()
    const session = open()
    await letIn(session)
    world.forgetAccessTokens()
    sent()
    expect((await session.fetch(world.resource)).status).toBe(200)
    expect(sent()).toEqual([...COLD, 'token', 'resource'])
  })

  test('C-122 more scope: the person, the token, the request again', async () => {
    const { world, open, sent } = start()
    const session = open()
    await letIn(session)
    world.mcp.scope = ['write']
    sent()
    expect(await letIn(session)).toBe(200)
    expect(sent()).toEqual(['resource', '(browser)', 'token', 'resource'])
  })
})

test('a session that is opened sends nothing', () => {
  const world = fakeWorld()
  createSession(world.resource, { fetch: world.fetch })
  expect(world.requests).toEqual([])
})
