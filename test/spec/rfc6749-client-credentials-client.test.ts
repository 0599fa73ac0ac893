/**
 * An agent's session: tokens for the client itself, without a person.
 *
 * @see RFC 6749 section 4.4
 * @see MCP OAuth client credentials extension
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { clientCredentials, createSession, memoryStore, type SessionOptions } from '../../client/index.ts'
import { failureOf } from '../support/client.ts'
import { type FakeOptions, type FakeWorld, fakeWorld, json, oauthError } from '../support/fake-authorization-server.ts'

const AS = 'https://as.example.com'
const AGENT = { id: 'agent-7', secret: 's', issuer: AS }

/** A world whose token endpoint knows this grant alone. */
function agents(fake: FakeOptions = {}, expiresIn = 300): FakeWorld {
  const world = fakeWorld(fake)
  let serial = 0
  world.on('POST', `${AS}/token`, ({ form }) => {
    if (form.get('grant_type') !== 'client_credentials') return oauthError('unsupported_grant_type')
    serial += 1
    const scope = (form.get('scope') ?? 'default').split(' ')
    world.tokens.set(`machine-${serial}`, { scope, expiresAt: world.clock.now + expiresIn })
    return json({
      access_token: `machine-${serial}`,
      token_type: 'Bearer',
      expires_in: expiresIn,
      scope: scope.join(' '),
    })
  })
  return world
}

const agentIn = (world: FakeWorld, options: SessionOptions = {}) =>
  createSession(world.resource, {
    grant: clientCredentials({ scope: 'tickets:read' }),
    client: AGENT,
    fetch: world.fetch,
    now: world.now,
    ...options,
  })

const tokenRequests = (world: FakeWorld) => world.sent('POST', `${AS}/token`)

describe('section 4.4 the request', () => {
  test('CC-C5 CC-C2 C-074 grant, scope and resource are sent, and the client proves itself', async () => {
    const world = agents()
    const grant = await agentIn(world).authorize()
    expect(grant).toMatchObject({ clientId: 'agent-7', scope: ['tickets:read'], refreshable: false })
    const [request] = tokenRequests(world)
    expect(Object.fromEntries(request?.form ?? [])).toEqual({
      grant_type: 'client_credentials',
      scope: 'tickets:read',
      resource: world.resource,
    })
    expect(request?.headers.get('authorization')).toBe(`Basic ${btoa('agent-7:s')}`)
  })

  test('CC-C4 where the server wants the secret in the body, it is there', async () => {
    const world = agents({ serverMetadata: { token_endpoint_auth_methods_supported: ['client_secret_post'] } })
    await agentIn(world).authorize()
    expect(tokenRequests(world)[0]?.form.get('client_secret')).toBe('s')
    expect(tokenRequests(world)[0]?.headers.has('authorization')).toBe(false)
  })

  test('C-078 without a scope: what the resource lists; listed nowhere: none', async () => {
    const listed = agents({ resourceMetadata: { scopes_supported: ['a', 'b'] } })
    await agentIn(listed, { grant: clientCredentials() }).authorize()
    expect(tokenRequests(listed)[0]?.form.get('scope')).toBe('a b')
    const unlisted = agents()
    await agentIn(unlisted, { grant: clientCredentials() }).authorize()
    expect(tokenRequests(unlisted)[0]?.form.has('scope')).toBe(false)
  })

  test('section 4.4.3 offline_access is for persons: an agent asks again, and servers refuse it to agents', async () => {
    const world = agents({ serverMetadata: { scopes_supported: ['offline_access', 'tickets:read'] } })
    await agentIn(world).authorize()
    expect(tokenRequests(world)[0]?.form.get('scope')).toBe('tickets:read')
  })

  test('C-078 the challenge of the resource comes before the scope of the grant', async () => {
    const world = agents({ challengeScope: 'tickets:write' })
    expect((await agentIn(world).fetch(world.resource)).status).toBe(200)
    expect(tokenRequests(world)[0]?.form.get('scope')).toBe('tickets:write')
  })
})

describe('without a person', () => {
  test('the first request obtains a token by itself, later ones use it', async () => {
    const world = agents()
    const session = agentIn(world)
    for (let call = 0; call < 3; call += 1) expect((await session.fetch(world.resource)).status).toBe(200)
    expect(tokenRequests(world)).toHaveLength(1)
    expect(world.sent('GET', `${AS}/authorize`)).toEqual([])
  })

  test('C-109 an expired token is replaced before it is sent, however often that is', async () => {
    const world = agents({}, 30)
    const session = agentIn(world)
    for (let hour = 0; hour < 40; hour += 1) {
      expect((await session.fetch(world.resource)).status).toBe(200)
      world.clock.now += 30
    }
    expect(tokenRequests(world)).toHaveLength(40)
    // The first one was refused, for lack of a token.
    expect(world.sent('GET', world.resource)).toHaveLength(41)
  })

  test('C-109 a token that died early is replaced after the 401', async () => {
    const world = agents()
    const session = agentIn(world)
    await session.fetch(world.resource)
    world.forgetAccessTokens()
    expect((await session.fetch(world.resource)).status).toBe(200)
    expect(tokenRequests(world)).toHaveLength(2)
  })

  test('CC-C7 C-121 C-122 more scope is obtained at once, as the union', async () => {
    const world = agents()
    const session = agentIn(world)
    await session.fetch(world.resource)
    world.mcp.scope = ['tickets:write']
    expect((await session.fetch(world.resource)).status).toBe(200)
    expect(tokenRequests(world).at(-1)?.form.get('scope')).toBe('tickets:read tickets:write')
  })

  test('C-124 a resource that refuses every token does not make it ask for ever', async () => {
    const world = agents()
    world.on('GET', world.resource, () => new Response(null, { status: 401 }))
    const session = agentIn(world)
    for (let call = 0; call < 20; call += 1) await session.fetch(world.resource).catch(() => {})
    expect(tokenRequests(world).length).toBeLessThanOrEqual(4)
  })

  test('calls at the same time share one token request', async () => {
    const world = agents()
    const session = agentIn(world)
    await Promise.all([1, 2, 3, 4].map(() => session.fetch(world.resource)))
    expect(tokenRequests(world)).toHaveLength(1)
  })
})

describe('which client', () => {
  test('CC-02 nothing is registered on the fly: a client that the server knows is needed', () => {
    const world = agents()
    expect(() => agentIn(world, { client: {} })).toThrow('configuration')
  })

  test('C-063 R12 credentials that belong to another issuer are an error of their own, and go nowhere', async () => {
    const world = agents()
    const session = agentIn(world, { client: { ...AGENT, issuer: 'https://other.example' } })
    expect((await failureOf(session.authorize())).code).toBe('client_issuer_mismatch')
    expect(tokenRequests(world)).toEqual([])
  })

  test('section 5.2 invalid_client is final; a client without this grant is told so', async () => {
    const world = agents()
    world.on('POST', `${AS}/token`, () => oauthError('invalid_client', 401))
    expect(await failureOf(agentIn(world).authorize())).toMatchObject({ code: 'invalid_client', final: true })
    world.on('POST', `${AS}/token`, () => oauthError('unauthorized_client', 400))
    expect(await failureOf(agentIn(world).authorize())).toMatchObject({
      code: 'grant_unsupported',
      oauthError: 'unauthorized_client',
      retryable: false,
    })
  })

  test('a token of the client itself is not taken for what a person has granted to the same client', async () => {
    const world = agents()
    const store = memoryStore(world.now)
    await agentIn(world, { store }).authorize()
    const attended = createSession(world.resource, { client: AGENT, fetch: world.fetch, now: world.now, store })
    expect(await attended.status()).toBe('signed-out')
    expect(await agentIn(world, { store }).status()).toBe('ready')
  })
})

describe('what the server need not have', () => {
  const machinesOnly = { authorization_endpoint: undefined, code_challenge_methods_supported: undefined }

  test('RFC 8414 section 2 a server for machines has no authorization endpoint and no PKCE', async () => {
    const world = agents({ serverMetadata: machinesOnly })
    expect((await agentIn(world).authorize()).scope).toEqual(['tickets:read'])
  })

  test('C-072 what an agent has discovered does not let a person sign in there without PKCE', async () => {
    const world = agents({ serverMetadata: machinesOnly })
    const store = memoryStore(world.now)
    await agentIn(world, { store, profile: 'shared' }).authorize()
    const options = { client: AGENT, fetch: world.fetch, now: world.now, store, profile: 'shared' }
    const failure = await failureOf(
      createSession(world.resource, options).begin({ redirectUri: 'http://127.0.0.1:5000/callback' }),
    )
    expect(failure.code).toBe('pkce_unsupported')
  })
})
