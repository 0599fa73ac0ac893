/**
 * What the official SDKs' own OAuth clients were seen to get wrong, each as a host would notice it. Here it must be right.
 *
 * @see MCP 2026-07-28, authorization
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStore, type Session } from '../../client/index.ts'
import { fileStore, loopback } from '../../client/node/index.ts'
import { approve, attendedSessionIn, failureOf, sessionIn } from '../support/client.ts'
import { type FakeOptions, type FakeWorld, fakeWorld, json, oauthError } from '../support/fake-authorization-server.ts'

const AS = 'https://as.example.com'

/** A session that counts the windows that it opens. */
function counting(fake: FakeOptions = {}): { world: FakeWorld; session: Session; windows: string[] } {
  const world = fakeWorld(fake)
  const windows: string[] = []
  const session = attendedSessionIn(world, (url) => {
    windows.push(url)
    return approve(world)(url)
  })
  return { world, session, windows }
}

describe('races', () => {
  test('defect: parallel authorizations make several token requests and open several windows', async () => {
    const { world, session, windows } = counting()
    await Promise.all([session.authorize(), session.authorize(), session.authorize()])
    expect(windows).toHaveLength(1)
    expect(world.sent('POST', `${AS}/token`)).toHaveLength(1)
    expect(world.sent('POST', `${AS}/register`)).toHaveLength(1)
  })

  test('defect: parallel requests with an expired token refresh several times', async () => {
    const { world, session } = counting()
    await session.authorize()
    world.clock.now += 900
    await Promise.all([1, 2, 3].map(() => session.fetch(world.resource)))
    expect(world.sent('POST', `${AS}/token`)).toHaveLength(2)
  })

  const directories: string[] = []
  afterAll(() => Promise.all(directories.map((directory) => rm(directory, { recursive: true }))))
  test('defect: two processes refresh the same token, and the loser deletes what the winner stored', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'client-defects-'))
    directories.push(directory)
    const { world } = counting()
    const stores = [1, 2].map(() => fileStore({ directory, now: () => 0 }))
    const [one, two] = stores.map((store) => sessionIn(world, { store }))
    await one?.authorize()
    await two?.status()
    world.clock.now += 900
    const answers = await Promise.all([one?.fetch(world.resource), two?.fetch(world.resource)])
    expect(answers.map((answer) => answer?.status)).toEqual([200, 200])
    expect(world.sent('POST', `${AS}/token`)).toHaveLength(2)
    expect(await one?.status()).toBe('ready')
  })
})

describe('trouble that passes', () => {
  const troubles: readonly [string, () => Response][] = [
    ['a 500', () => json({}, 500)],
    ['a 429', () => json({}, 429)],
    [
      'a network failure',
      () => {
        throw new TypeError('down')
      },
    ],
  ]
  test.each(troubles)('defect: %s on refresh opens the browser and deletes the tokens', async (_name, answer) => {
    const { world, session, windows } = counting()
    await session.authorize()
    world.clock.now += 900
    world.on('POST', `${AS}/token`, answer)
    expect((await failureOf(session.fetch(world.resource))).retryable).toBe(true)
    expect((await failureOf(session.authorize())).retryable).toBe(true)
    expect(windows).toHaveLength(1)
    expect(await session.status()).toBe('refreshable')
  })

  test('defect: there is no time limit, and no signal', async () => {
    const world = fakeWorld()
    world.on('POST', `${AS}/token`, () => new Promise(() => {}))
    expect((await failureOf(sessionIn(world, { timeout: 0.02 }).authorize())).code).toBe('timeout')
    const signal = AbortSignal.abort()
    expect((await failureOf(sessionIn(world).authorize({ signal }))).code).toBe('aborted')
  })
})

describe('discovery', () => {
  test('defect: absent code_challenge_methods_supported is accepted', async () => {
    const { session, windows } = counting({ serverMetadata: { code_challenge_methods_supported: undefined } })
    expect((await failureOf(session.authorize())).code).toBe('pkce_unsupported')
    expect(windows).toEqual([])
  })

  const broken: readonly [string, () => Response][] = [
    ['500', () => json({}, 500)],
    ['bad JSON', () => new Response('<html>', { headers: { 'content-type': 'application/json' } })],
  ]
  test.each(broken)(
    'defect: broken resource metadata (%s) turns the MCP server into the authorization server',
    async (_name, answer) => {
      const { world, session } = counting()
      world.on('GET', world.metadataUrl, answer)
      await failureOf(session.authorize())
      expect(world.requests.map(({ url }) => url)).toEqual([world.resource, world.metadataUrl])
    },
  )

  test('defect: the issuer in the metadata is not compared', async () => {
    const { session } = counting({ serverMetadata: { issuer: 'https://evil.example' } })
    expect((await failureOf(session.authorize())).code).toBe('issuer_mismatch')
  })

  test('defect: the first of the listed servers is used, whatever the client has credentials for', async () => {
    const world = fakeWorld({ resourceMetadata: { authorization_servers: ['https://other.example', AS] } })
    const session = sessionIn(world, { client: { id: 'mine', issuer: AS } })
    expect((await session.authorize()).issuer).toBe(AS)
  })

  test('defect: a metadata service of a cloud as authorization server gets a GET and a POST', async () => {
    const world = fakeWorld({ resourceMetadata: { authorization_servers: ['http://169.254.169.254'] } })
    expect((await failureOf(sessionIn(world).authorize())).code).toBe('url_refused')
    expect(world.requests.some(({ url }) => url.includes('169.254'))).toBe(false)
  })
})

describe('the authorization response', () => {
  test('defect: state is never compared', async () => {
    const world = fakeWorld()
    const session = attendedSessionIn(world, async (url) => {
      const callback = new URL(await approve(world)(url))
      callback.searchParams.set('state', 'of somebody else')
      return callback.href
    })
    expect((await failureOf(session.authorize())).code).toBe('state_mismatch')
    expect(world.sent('POST', `${AS}/token`)).toEqual([])
  })

  test('defect: iss is not looked at', async () => {
    const world = fakeWorld()
    const session = attendedSessionIn(world, async (url) => {
      const callback = new URL(await approve(world)(url))
      callback.searchParams.set('iss', 'https://evil.example')
      return callback.href
    })
    expect((await failureOf(session.authorize())).code).toBe('iss_mismatch')
    expect(world.sent('POST', `${AS}/token`)).toEqual([])
  })

  test.each(['file:///etc/passwd', 'ms-msdt:/id%20PCWDiagnostic', 'javascript:alert(1)'])(
    'defect: an authorization endpoint %s reaches the browser',
    async (authorization_endpoint) => {
      const world = fakeWorld({ serverMetadata: { authorization_endpoint } })
      const opened: string[] = []
      const session = sessionIn(world, {
        interaction: loopback({ open: (url) => void opened.push(url), show: (url) => void opened.push(url) }),
      })
      expect((await failureOf(session.authorize())).code).toBe('url_refused')
      expect(opened).toEqual([])
    },
  )
})

describe('challenges', () => {
  const headers: readonly [string, string, string | undefined][] = [
    ['Bearer behind Basic is missed', 'Basic realm="a", Bearer scope="wanted"', 'wanted'],
    ['scope= inside error_description is read', 'Bearer error_description="set scope=evil", realm="x"', undefined],
    ['x_scope= counts as scope', 'Bearer x_scope="evil"', undefined],
    ['names in other case are missed', 'BEARER Scope="wanted"', 'wanted'],
    ['white space round = is not allowed', 'Bearer scope = "wanted"', 'wanted'],
  ]
  test.each(headers)('defect: %s', async (_name, challenge, expected) => {
    const { world, session } = counting()
    world.on(
      'POST',
      world.resource,
      () => new Response(null, { status: 401, headers: { 'www-authenticate': challenge } }),
    )
    await failureOf(session.fetch(world.resource, { method: 'POST' }))
    await session.authorize()
    expect(world.sent('GET', `${AS}/authorize`)[0]?.query.get('scope') ?? undefined).toBe(expected as never)
  })
})

describe('requests', () => {
  test("defect: the host's own headers are sent to the authorization server", async () => {
    const world = fakeWorld()
    const session = sessionIn(world)
    const headers = { 'x-api-key': 'secret', cookie: 'a=b', 'user-agent': 'host' }
    expect((await session.fetch(world.resource, { method: 'POST', headers })).status).toBe(200)
    const elsewhere = world.requests.filter((request) => request.url !== world.resource)
    expect(elsewhere.length).toBeGreaterThan(3)
    for (const request of elsewhere) {
      expect([request.headers.get('x-api-key'), request.headers.get('cookie')]).toEqual([null, null])
      expect(request.headers.get('user-agent')).not.toBe('host')
    }
  })

  test('defect: a Request as input breaks', async () => {
    const world = fakeWorld()
    const session = sessionIn(world)
    await session.authorize()
    world.forgetAccessTokens()
    const response = await session.fetch(new Request(world.resource, { method: 'POST', body: '{}' }))
    expect(response.status).toBe(200)
  })

  test('defect: step-up replaces the scope, and what was granted is lost', async () => {
    const { world, session } = counting({ challengeScope: 'read' })
    await session.authorize()
    world.mcp.scope = ['write']
    await failureOf(session.fetch(world.resource))
    expect((await session.authorize()).scope).toEqual(['read', 'write'])
  })

  test('defect: client_secret_basic without form-encoding', async () => {
    const world = fakeWorld()
    await sessionIn(world, { client: { id: 'my:client', secret: 'a%b+c', issuer: AS } }).authorize()
    const header = world.sent('POST', `${AS}/token`)[0]?.headers.get('authorization')
    expect(header).toBe(`Basic ${btoa('my%3Aclient:a%25b%2Bc')}`)
  })

  test('defect: a registration that the server has lost is used for ever', async () => {
    const world = fakeWorld()
    const store = memoryStore()
    await sessionIn(world, { store }).authorize()
    world.on('POST', `${AS}/token`, (request, original) =>
      request.form.get('client_id') === 'client-1'
        ? oauthError('invalid_client', 401)
        : world.usual('POST', `${AS}/token`, request, original),
    )
    expect((await sessionIn(world, { store }).authorize({ force: true })).clientId).not.toBe('client-1')
  })

  test('defect: signing out deletes here and revokes nothing', async () => {
    const { world, session } = counting()
    await session.authorize()
    expect(await session.logout()).toEqual({ revoked: true, deleted: true })
    expect(world.sent('POST', `${AS}/revoke`)).toHaveLength(2)
  })
})
