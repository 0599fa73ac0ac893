/**
 * Credentials belong to the authorization server that issued them, and to the resource that they are for.
 *
 * @see MCP 2026-07-28, client registration, "Authorization Server Binding"
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { defineGrant, type GrantDefinition, memoryStore, SallyportError, type Store } from '../../client/index.ts'
import { preRegistered } from '../../client/registration/pre-registered.ts'
import { approve, attendedSessionIn, failureOf, sessionIn } from '../support/client.ts'
import { type FakeWorld, fakeWorld, json } from '../support/fake-authorization-server.ts'

/** Another server beside `world`'s, which approves everything too. */
function neighbour(world: FakeWorld): FakeWorld {
  const next = fakeWorld({ issuer: 'https://new-as.example.com' })
  for (const [method, url] of [
    ['GET', next.serverMetadataUrl],
    ['POST', `${next.as}/register`],
    ['GET', `${next.as}/authorize`],
    ['POST', `${next.as}/token`],
  ] as const) {
    world.on(method, url, async (_request, original) => {
      const answer = await next.fetch(original)
      for (const [token, value] of next.tokens) world.tokens.set(token, value)
      return answer
    })
  }
  return next
}

/** What the resource's metadata lists from now on. */
function list(world: FakeWorld, ...issuers: readonly string[]): void {
  world.on('GET', world.metadataUrl, () => json({ resource: world.resource, authorization_servers: issuers }))
}

/** The resource moves there. */
function migrate(world: FakeWorld): FakeWorld {
  const next = neighbour(world)
  list(world, next.issuer)
  return next
}

describe('C-069 the server changes', () => {
  test('C-061 C-062 C-069 SEC-004 a 401 shows it: old tokens are dropped, nothing old is sent to the new server', async () => {
    const world = fakeWorld()
    const session = attendedSessionIn(world, approve(world))
    await session.authorize()
    const before = world.requests.length
    world.forgetAccessTokens()
    const next = migrate(world)

    const failure = await failureOf(session.fetch(world.resource))
    expect(failure).toMatchObject({ code: 'authorization_required', reason: 'authorization_server_changed' })
    expect(await session.status()).toBe('signed-out')

    const grant = await session.authorize()
    expect(grant.issuer).toBe(next.issuer)
    expect((await session.fetch(world.resource)).status).toBe(200)
    expect(world.requests.slice(before).some(({ url }) => url === `${world.as}/token`)).toBe(false)
    const sent = next.requests.map(({ url, body, query }) => `${url} ${body} ${query}`).join('\n')
    expect(sent).toContain(`${next.as}/register`)
    expect(sent).not.toMatch(/refresh-|access-\d+ |grant_type=refresh_token/)
  })

  test('C-063 a configured client id is not tried at another server', async () => {
    const world = fakeWorld()
    const session = sessionIn(world, { client: { id: 'known', secret: 's', issuer: 'https://other.example' } })
    expect((await failureOf(session.authorize())).code).toBe('client_issuer_mismatch')
    expect(world.requests.some(({ url, method }) => method === 'POST' && url.startsWith(world.as))).toBe(false)
  })

  test('C-018 C-063 who configures another server that the resource lists signs in there, and back', async () => {
    const world = fakeWorld()
    const next = neighbour(world)
    list(world, world.issuer, next.issuer)
    const store = memoryStore(world.now)
    const at = (issuer: string) => attendedSessionIn(world, approve(world), { store, client: { id: 'known', issuer } })
    await at(world.issuer).authorize()
    expect(await at(next.issuer).status()).toBe('signed-out')
    expect((await at(next.issuer).authorize()).issuer).toBe(next.issuer)
    await at(next.issuer).logout()
    expect((await at(world.issuer).authorize()).issuer).toBe(world.issuer)
  })

  test('C-018 C-063 a grant for one server gets its tokens there, wherever a session beside it has signed in', async () => {
    const world = fakeWorld()
    const next = neighbour(world)
    list(world, world.issuer, next.issuer)
    world.on('POST', `${next.as}/token`, () => json({ access_token: 'for-the-grant', token_type: 'Bearer' }))
    const own = { store: memoryStore(world.now), profile: 'ada' }
    await attendedSessionIn(world, approve(world), own).authorize()
    const obtain: GrantDefinition['obtain'] = ({ token }) => token({ grant_type: 'urn:example:g' })
    const grant = defineGrant({
      name: 'urn:example:g',
      unattended: true,
      anonymous: true,
      issuer: next.issuer,
      obtain,
    })
    const session = sessionIn(world, { ...own, grant })
    expect(await session.status()).toBe('signed-out')
    expect((await session.authorize()).issuer).toBe(next.issuer)
  })

  test('C-063 an issuer without an id binds as well, and what was found and granted elsewhere is not for it', async () => {
    const world = fakeWorld()
    for (const url of [world.metadataUrl, world.serverMetadataUrl]) {
      world.on('GET', url, async (request, original) => {
        const answer = await world.usual('GET', url, request, original)
        answer.headers.set('cache-control', 'max-age=600')
        return answer
      })
    }
    const store = memoryStore(world.now)
    await attendedSessionIn(world, approve(world), { store }).authorize()
    const before = world.requests.length
    const session = attendedSessionIn(world, approve(world), { store, client: { issuer: 'https://other.example' } })
    expect(await session.status()).toBe('signed-out')
    expect((await failureOf(session.authorize())).code).toBe('client_issuer_mismatch')
    expect(world.requests.slice(before).some(({ url, method }) => method === 'POST' && url.startsWith(world.as))).toBe(
      false,
    )
  })

  test('C-018 what a resource used last comes before where another one has registered: nobody is signed out', async () => {
    const world = fakeWorld()
    const next = neighbour(world)
    list(world, next.issuer)
    const store = memoryStore(world.now)
    const session = attendedSessionIn(world, approve(world), { store })
    await session.authorize()
    const other = { store, client: { issuer: world.issuer } }
    list(world, world.issuer, next.issuer)
    await attendedSessionIn(world, approve(world), other).begin({ redirectUri: 'http://127.0.0.1:5000/callback' })
    expect(world.sent('POST', `${world.as}/register`)).toHaveLength(1)
    world.forgetAccessTokens()
    expect((await session.fetch(world.resource)).status).toBe(200)
    expect((await session.authorize()).issuer).toBe(next.issuer)
  })

  test('C-060 C-063 an id without a configured issuer belongs to the first one that it was used at', async () => {
    const world = fakeWorld()
    const session = attendedSessionIn(world, approve(world), { client: { id: 'known' } })
    await session.authorize()
    migrate(world)
    world.forgetAccessTokens()
    expect((await failureOf(session.fetch(world.resource))).code).toBe('client_issuer_mismatch')
    expect((await failureOf(session.authorize({ force: true }))).code).toBe('client_issuer_mismatch')
  })

  test('C-063 a flow that another client id has begun is not ended by this one: its code goes nowhere', async () => {
    const world = fakeWorld()
    const store = memoryStore()
    const as = (id: string) => sessionIn(world, { store, client: { id, issuer: world.issuer } })
    const flow = await as('one').begin({ redirectUri: 'https://app.example/cb' })
    const callback = await approve(world)(flow.url)
    expect((await failureOf(as('other').complete(flow, callback))).code).toBe('client_issuer_mismatch')
    expect(world.sent('POST', `${world.as}/token`)).toEqual([])
  })

  test('C-063 an identity is made for its own issuer only', () => {
    const client = { id: 'known', issuer: 'https://as.example.com' }
    expect(preRegistered(client, 'https://as.example.com')?.clientId).toBe('known')
    for (const issuer of ['https://as.example.com/', 'https://other.example']) {
      expect(() => preRegistered(client, issuer)).toThrow(SallyportError)
    }
  })

  test('C-061 what was granted at the old server is no reason to ask the new one for it', async () => {
    const world = fakeWorld({ challengeScope: 'old' })
    const session = sessionIn(world)
    await session.authorize()
    const next = migrate(world)
    world.clock.now += 301
    await session.authorize({ force: true, scope: 'new' })
    expect(next.sent('GET', `${next.as}/authorize`)[0]?.query.get('scope')).toBe('new')
  })

  test('C-043 while the old server is still listed, its credentials stay in use', async () => {
    const world = fakeWorld()
    const session = sessionIn(world)
    await session.authorize()
    world.on('GET', world.metadataUrl, () =>
      json({ resource: world.resource, authorization_servers: ['https://new.example', world.issuer] }),
    )
    world.forgetAccessTokens()
    expect((await session.fetch(world.resource)).status).toBe(200)
    expect(world.sent('POST', 'https://as.example.com/register')).toHaveLength(1)
  })
})

describe('C-065 what is stored is stored for one purpose', () => {
  const keys = async (use: (store: Store, world: FakeWorld) => Promise<void>): Promise<readonly string[]> => {
    const inner = memoryStore()
    const seen = new Set<string>()
    const store: Store = {
      ...inner,
      set: async (key, record, ifGeneration) => {
        seen.add(key)
        return inner.set(key, record, ifGeneration)
      },
    }
    await use(store, fakeWorld())
    return [...seen]
  }

  test('C-043 C-060 C-065 resource, issuer, client and profile make the key of a credential', async () => {
    const seen = await keys(async (store, world) => {
      await sessionIn(world, { store, profile: 'work' }).authorize()
    })
    const parts = JSON.stringify(['https://mcp.example.com/mcp', 'https://as.example.com', 'client-1', 'work'])
    expect(seen).toContain(`credential:${parts}`)
    expect(seen).toContain(`registration:${JSON.stringify(['https://as.example.com', 'work'])}`)
  })

  test('C-065 another resource, profile or client id does not see it', async () => {
    const world = fakeWorld()
    const store = memoryStore()
    await sessionIn(world, { store }).authorize()
    expect(await sessionIn(world, { store }).status()).toBe('ready')
    expect(await sessionIn(world, { store, profile: 'other' }).status()).toBe('signed-out')
    expect(await sessionIn(world, { store, client: { id: 'x', issuer: world.issuer } }).status()).toBe('signed-out')
    const neighbour = fakeWorld({ resource: 'https://mcp.example.com/other' })
    expect(await sessionIn(neighbour, { store }).status()).toBe('signed-out')
  })

  test('C-102 a client id that is configured for another issuer now does not use the old tokens', async () => {
    const world = fakeWorld()
    const store = memoryStore()
    await sessionIn(world, { store, client: { id: 'x' } }).authorize()
    const session = sessionIn(world, { store, client: { id: 'x', issuer: 'https://other.example' }, interaction: [] })
    expect(await session.status()).toBe('signed-out')
    await failureOf(session.fetch(world.resource))
    expect(world.sent('GET', world.resource)[0]?.headers.get('authorization')).toBeNull()
  })
})
