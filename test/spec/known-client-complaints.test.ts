/**
 * What people complain about in the trackers of hosts, as far as no other file has it: callbacks, registrations, resource indicators, URLs,
 * headers, and credentials of somebody else.
 *
 * @see MCP 2026-07-28, authorization
 * @see MCP 2026-07-28, security best practices, "SSRF"
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { createSession, memoryStore, type SessionOptions } from '../../client/index.ts'
import { openBrowser } from '../../client/node/index.ts'
import { approve, attendedSessionIn, failureOf, sessionIn } from '../support/client.ts'
import { type FakeWorld, fakeWorld, json, oauthError } from '../support/fake-authorization-server.ts'

const AS = 'https://as.example.com'
const TOKEN = `${AS}/token`

/** Stands where a host's web server would: the browser goes to the authorization URL and comes back. */
const visit = (world: FakeWorld, url: string): Promise<string> => approve(world)(url)

describe('R4 flow records are keyed by state', () => {
  test('R4 C-083 two sign-ins at once, finished in the other order, in another process', async () => {
    const world = fakeWorld()
    const store = memoryStore(world.now)
    const session = () => createSession(world.resource, { store, fetch: world.fetch, now: world.now })
    const redirectUri = 'https://app.example/callback'
    const [first, second] = [await session().begin({ redirectUri }), await session().begin({ redirectUri })]
    expect(first.state).not.toBe(second.state)
    const [callback1, callback2] = [await visit(world, first.url), await visit(world, second.url)]
    expect((await failureOf(session().complete(first, callback2))).code).toBe('state_mismatch')
    // As it comes out of a cookie.
    await session().complete(JSON.parse(JSON.stringify(second)), callback2)
    await session().complete({ state: first.state }, callback1)
    const verifiers = world.sent('POST', TOKEN).map(({ form }) => form.get('code_verifier'))
    expect(new Set(verifiers).size).toBe(2)
  })
})

describe('R6 a stored registration is used as long as it fits', () => {
  const registrations = (world: FakeWorld) => world.sent('POST', `${AS}/register`).length
  const at = (world: FakeWorld, options: SessionOptions, redirectUri: string) =>
    createSession(world.resource, { fetch: world.fetch, now: world.now, ...options }).begin({ redirectUri })

  test('R6 another port of the loopback address fits, another path or host does not', async () => {
    const world = fakeWorld()
    const options = { store: memoryStore(world.now) }
    await at(world, options, 'http://127.0.0.1:5000/callback')
    await at(world, options, 'http://127.0.0.1:6000/callback')
    expect(registrations(world)).toBe(1)
    await at(world, options, 'http://127.0.0.1:6000/other')
    await at(world, options, 'https://app.example/other')
    expect(registrations(world)).toBe(3)
  })

  test('R6 a secret that has expired does not', async () => {
    const world = fakeWorld()
    const options = { store: memoryStore(world.now) }
    const secret = { client_id: 'c', client_secret: 's', client_secret_expires_at: world.clock.now + 100 }
    world.on('POST', `${AS}/register`, () => json(secret, 201))
    await at(world, options, 'http://127.0.0.1:5000/callback')
    world.clock.now += 99
    await at(world, options, 'http://127.0.0.1:5000/callback')
    expect(registrations(world)).toBe(1)
    world.clock.now += 1
    await at(world, options, 'http://127.0.0.1:5000/callback')
    expect(registrations(world)).toBe(2)
  })

  test('R6 invalid_client registers again, once', async () => {
    const world = fakeWorld()
    const store = memoryStore(world.now)
    await sessionIn(world, { store }).authorize()
    world.on('POST', TOKEN, () => oauthError('invalid_client', 401))
    expect((await failureOf(sessionIn(world, { store }).authorize({ force: true }))).code).toBe('invalid_client')
    expect(registrations(world)).toBe(2)
  })
})

describe('R8 the resource is sent as the metadata has it', () => {
  /** Every `resource` that leaves: in the browser, for the code, for a refresh. */
  async function sent(world: FakeWorld, options: SessionOptions = {}): Promise<readonly (readonly string[])[]> {
    const session = sessionIn(world, options)
    await session.authorize()
    world.clock.now += 900
    await session.fetch(world.resource)
    const inBrowser = world.sent('GET', `${AS}/authorize`).map(({ query }) => query.getAll('resource'))
    return [...inBrowser, ...world.sent('POST', TOKEN).map(({ form }) => form.getAll('resource'))]
  }

  test.each(['https://mcp.example.com', 'https://mcp.example.com/'])(
    'R8 C-077 %s, without a slash more or less',
    async (resource) => {
      const world = fakeWorld({ resource: 'https://mcp.example.com/', declaredResource: resource })
      expect(await sent(world)).toEqual([[resource], [resource], [resource]])
    },
  )

  test('R8 a server that wants another one, or none, gets it where the host says so', async () => {
    const other = await sent(fakeWorld(), { compat: { resourceParameter: 'api://notes' } })
    expect(other).toEqual([['api://notes'], ['api://notes'], ['api://notes']])
    expect(await sent(fakeWorld(), { compat: { resourceParameter: 'omit' } })).toEqual([[], [], []])
  })
})

describe('R10 one policy for every URL', () => {
  const BAD = [
    'http://as.example.com/x',
    'https://169.254.169.254/x',
    'https://10.0.0.1/x',
    'file:///etc/passwd',
    'https://u:p@as.example.com/x',
  ]
  const ENDPOINTS = ['authorization_endpoint', 'token_endpoint', 'registration_endpoint', 'revocation_endpoint']
  const hops: readonly (readonly [string, string])[] = ENDPOINTS.flatMap((endpoint) =>
    BAD.map((url) => [endpoint, url] as const),
  )

  test.each([...hops])('R10 SEC-010 %s %s is refused before anything is sent there', async (endpoint, url) => {
    const world = fakeWorld({ serverMetadata: { [endpoint]: url } })
    expect((await failureOf(sessionIn(world).authorize())).code).toBe('url_refused')
    expect(world.requests.map((request) => request.url)).toEqual([
      world.resource,
      world.metadataUrl,
      world.serverMetadataUrl,
    ])
  })

  test.each(['http://as.example.com', 'https://127.0.0.1', 'https://[fd00::1]', 'https://metadata.google.internal'])(
    'R10 SEC-010 the issuer %s',
    async (issuer) => {
      const world = fakeWorld({ resourceMetadata: { authorization_servers: [issuer] } })
      expect((await failureOf(sessionIn(world).authorize())).code).toBe('url_refused')
      expect(world.requests).toHaveLength(2)
    },
  )

  test('R10 the URL of the metadata, in the challenge', async () => {
    const world = fakeWorld()
    const challenge = 'Bearer resource_metadata="https://10.0.0.1/x"'
    world.on(
      'POST',
      world.resource,
      () => new Response(null, { status: 401, headers: { 'www-authenticate': challenge } }),
    )
    expect((await failureOf(sessionIn(world).authorize())).code).toBe('url_refused')
    expect(world.requests).toHaveLength(1)
  })

  const redirected: readonly (readonly [string, string, (world: FakeWorld) => string])[] = [
    ['GET', 'the resource metadata', (world) => world.metadataUrl],
    ['GET', 'the server metadata', (world) => world.serverMetadataUrl],
    ['POST', 'the registration', () => `${AS}/register`],
    ['POST', 'the token endpoint', () => TOKEN],
  ]
  test.each([...redirected])('R10 SEC-013 %s: %s does not lead elsewhere', async (method, _name, url) => {
    const world = fakeWorld()
    world.on(method, url(world), () => Response.redirect('https://10.0.0.1/', 307))
    expect((await failureOf(sessionIn(world).authorize())).code).toBe('redirect_refused')
    expect(world.requests.some((request) => request.url.includes('10.0.0.1'))).toBe(false)
    expect(
      world.requests
        .filter((request) => request.url !== world.resource && request.method !== 'GET')
        .every(({ redirect }) => redirect === 'manual'),
    ).toBe(true)
  })

  test.each([
    'file:///etc/passwd',
    'http://as.example.com',
    'javascript:alert(1)',
    'https://u:p@as.example.com',
    'https://a.example/%00 --flag',
  ])('R10 C-089 %s is not opened in a browser', async (url) => {
    expect((await failureOf(openBrowser(url))).code).toBe('url_refused')
  })
})

describe("R11 the host's own headers go to the resource and nowhere else", () => {
  test('R11 not with a registration, a refresh, a step-up, a revocation', async () => {
    const world = fakeWorld({ expiresIn: 100 })
    const session = sessionIn(world)
    const headers = { 'x-api-key': 'secret', cookie: 'a=b', 'proxy-authorization': 'c' }
    const call = () => session.fetch(world.resource, { method: 'POST', headers })
    await call()
    world.clock.now += 100
    await call()
    world.mcp.scope = ['write']
    await call()
    await session.logout()
    const elsewhere = world.requests.filter(({ url, headers: own }) => url !== world.resource || own.has('mcp-method'))
    expect(new Set(elsewhere.map(({ url }) => url)).size).toBe(6)
    for (const request of elsewhere) {
      expect(Object.keys(headers).filter((name) => request.headers.has(name))).toEqual([])
    }
    const own = world.sent('POST', world.resource).filter(({ headers: sent }) => !sent.has('mcp-method'))
    expect(own.every(({ headers: sent }) => sent.get('x-api-key') === 'secret')).toBe(true)
  })
})

describe('R12 credentials are keyed by resource, issuer, client and profile', () => {
  test('R12 C-065 nobody else sees them: another profile, another client, another resource of the same name', async () => {
    const world = fakeWorld()
    const store = memoryStore(world.now)
    const open = (options: SessionOptions = {}, resource = world.resource) =>
      createSession(resource, { store, fetch: world.fetch, now: world.now, client: { name: 'Same name' }, ...options })
    await attendedSessionIn(world, approve(world), { store, client: { name: 'Same name' } }).authorize()
    expect(await open().status()).toBe('ready')
    expect(await open({ profile: 'work' }).status()).toBe('signed-out')
    expect(await open({ client: { id: 'other', issuer: AS } }).status()).toBe('signed-out')
    expect(await open({}, 'https://mcp.example.com/mcp2').status()).toBe('signed-out')
  })

  test('R12 another document is another client, and takes nothing away from the first one', async () => {
    const world = fakeWorld({ serverMetadata: { client_id_metadata_document_supported: true } })
    const store = memoryStore(world.now)
    const open = (metadataUrl: string) => attendedSessionIn(world, approve(world), { store, client: { metadataUrl } })
    const [one, two] = ['https://one.example/client.json', 'https://two.example/client.json']
    await open(one ?? '').authorize()
    expect(await open(two ?? '').status()).toBe('signed-out')
    expect((await open(two ?? '').authorize()).clientId).toBe(two ?? '')
    expect(await open(one ?? '').authorize()).toMatchObject({ clientId: one })
    expect(world.sent('POST', TOKEN)).toHaveLength(2)
  })

  test('R12 two accounts side by side, and signing out of one leaves the other', async () => {
    const world = fakeWorld()
    const store = memoryStore(world.now)
    const open = (profile: string) => attendedSessionIn(world, approve(world), { store, profile })
    await open('home').authorize()
    await open('work').authorize()
    await open('home').logout()
    expect([await open('home').status(), await open('work').status()]).toEqual(['signed-out', 'ready'])
  })
})
