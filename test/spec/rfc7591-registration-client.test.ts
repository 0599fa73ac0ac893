/**
 * How the client comes by a client id.
 *
 * @see RFC 7591 section 2, section 3
 * @see MCP 2026-07-28, client registration
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { createSession, memoryStore } from '../../client/index.ts'
import { failureOf, person, sessionIn } from '../support/client.ts'
import { fakeWorld, json, oauthError } from '../support/fake-authorization-server.ts'

const REGISTER = 'https://as.example.com/register'
const TOKEN = 'https://as.example.com/token'
const registrations = (world: ReturnType<typeof fakeWorld>) =>
  world.sent('POST', REGISTER).map(({ body }) => JSON.parse(body))

describe('C-041 the order of priority', () => {
  test('C-040 C-041 C-042 a pre-registered id is used, and nothing is registered', async () => {
    const world = fakeWorld()
    const session = sessionIn(world, { client: { id: 'known', issuer: world.issuer } })
    expect((await session.authorize()).clientId).toBe('known')
    expect(registrations(world)).toEqual([])
  })

  test('C-041 C-049 without one, and with a registration endpoint: registered', async () => {
    const world = fakeWorld()
    expect((await sessionIn(world).authorize()).clientId).toBe('client-1')
  })

  test('C-041 C-014 neither: the person has to bring an id', async () => {
    const world = fakeWorld({ serverMetadata: { registration_endpoint: undefined } })
    const failure = await failureOf(sessionIn(world).authorize())
    expect(failure).toMatchObject({ code: 'registration_unavailable', interactive: true })
  })
})

describe('section 2 the registration request', () => {
  test('C-050 C-051 C-053 C-054 C-084 everything that has a treacherous default is said', async () => {
    const world = fakeWorld()
    await sessionIn(world, { client: { name: 'My Host', softwareId: 'x' } }).authorize()
    expect(registrations(world)).toEqual([
      {
        client_name: 'My Host',
        redirect_uris: ['http://127.0.0.1:33418/callback'],
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        application_type: 'native',
        software_id: 'x',
      },
    ])
  })

  const types: readonly [string, string][] = [
    ['http://127.0.0.1:5000/callback', 'native'],
    ['http://localhost:5000/callback', 'native'],
    ['com.example.app:/callback', 'native'],
    ['https://app.example.com/callback', 'web'],
  ]
  test.each(types)('C-051 %s is %s', async (redirectUri, type) => {
    const world = fakeWorld()
    await sessionIn(world).begin({ redirectUri })
    expect(registrations(world)[0]).toMatchObject({ application_type: type, redirect_uris: [redirectUri] })
  })

  test('C-053 a server that does not take public clients is asked for a secret', async () => {
    const world = fakeWorld({ serverMetadata: { token_endpoint_auth_methods_supported: ['client_secret_post'] } })
    world.on('POST', REGISTER, ({ body }) => json({ ...JSON.parse(body), client_id: 'c', client_secret: 's' }, 201))
    await sessionIn(world).authorize()
    expect(registrations(world)[0].token_endpoint_auth_method).toBe('client_secret_post')
    expect(world.sent('POST', TOKEN)[0]?.form.get('client_secret')).toBe('s')
  })

  test('section 3.1 members that are null in the answer count as absent', async () => {
    const world = fakeWorld()
    world.on('POST', REGISTER, () => json({ client_id: 'c', client_secret: null, scope: null }, 200))
    expect((await sessionIn(world).authorize()).clientId).toBe('c')
  })
})

describe('C-052 section 3.2.2 a refusal', () => {
  test('C-052 is told with the code and the words of the server, apart from our own message', async () => {
    const world = fakeWorld()
    world.on('POST', REGISTER, () => oauthError('invalid_redirect_uri', 400, 'no loopback here'))
    const failure = await failureOf(sessionIn(world).authorize())
    expect(failure).toMatchObject({
      code: 'registration_failed',
      oauthError: 'invalid_redirect_uri',
      errorDescription: 'no loopback here',
      retryable: false,
    })
    expect(failure.message).not.toContain('loopback')
  })

  const answers: readonly [string, () => Response, string][] = [
    ['503', () => json({}, 503), 'server_unavailable'],
    ['429', () => json({}, 429), 'server_unavailable'],
    ['201 without client_id', () => json({ client_name: 'x' }, 201), 'invalid_response'],
    [
      'an expiry that no record can hold',
      () => {
        const headers = new Headers({ 'content-type': 'application/json' })
        const body = '{"client_id":"c","client_secret":"s","client_secret_expires_at":1e400}'
        return new Response(body, { status: 201, headers })
      },
      'invalid_response',
    ],
    ['202 with a client_id', () => json({ client_id: 'c' }, 202), 'invalid_response'],
    ['201 as HTML', () => new Response('<p>', { status: 201 }), 'invalid_response'],
    ['403 as HTML', () => new Response('<p>', { status: 403 }), 'registration_failed'],
    ['a redirect', () => Response.redirect('https://evil.example/', 307), 'redirect_refused'],
  ]
  test.each(answers)('C-052 %s', async (_name, answer, code) => {
    const world = fakeWorld()
    world.on('POST', REGISTER, answer)
    expect((await failureOf(sessionIn(world).authorize())).code).toBe(code as never)
  })
})

describe('a registration is kept for the next time', () => {
  test('C-060 in the store, per issuer: a second session does not register again', async () => {
    const world = fakeWorld()
    const store = memoryStore()
    await sessionIn(world, { store }).authorize()
    await sessionIn(world, { store }).authorize({ force: true })
    expect(registrations(world)).toHaveLength(1)
  })

  test('two sessions that start at once register one client', async () => {
    const world = fakeWorld()
    const store = memoryStore()
    const profiles = ['a', 'a', 'a'].map((profile) => sessionIn(world, { store, profile }))
    await Promise.all(profiles.map((session) => session.begin({ redirectUri: 'http://127.0.0.1:5000/callback' })))
    expect(registrations(world)).toHaveLength(1)
  })

  const uris: readonly [string, string, number][] = [
    ['http://127.0.0.1:5000/callback', 'http://127.0.0.1:6000/callback', 1],
    ['http://[::1]:5000/callback', 'http://[::1]:6000/callback', 1],
    ['http://127.0.0.1:5000/callback', 'http://127.0.0.1:5000/other', 2],
    ['http://127.0.0.1:5000/callback', 'http://[::1]:5000/callback', 2],
    ['https://app.example.com/a', 'https://app.example.com:8443/a', 2],
  ]
  test.each(uris)('C-084 registered for %s, used with %s: %i registrations', async (first, second, count) => {
    const world = fakeWorld()
    const session = sessionIn(world)
    await session.begin({ redirectUri: first })
    await session.begin({ redirectUri: second })
    expect(registrations(world)).toHaveLength(count)
  })

  test('section 3.2.1 a secret that has expired ends it, and 0 means never', async () => {
    for (const [lifetime, expected] of [
      [100, 2],
      [0, 1],
    ] as const) {
      const world = fakeWorld({ serverMetadata: { token_endpoint_auth_methods_supported: ['client_secret_basic'] } })
      const expires = lifetime === 0 ? 0 : world.clock.now + lifetime
      world.on('POST', REGISTER, ({ body }) =>
        json({ ...JSON.parse(body), client_id: 'c', client_secret: 's', client_secret_expires_at: expires }, 201),
      )
      const session = sessionIn(world)
      await session.authorize()
      world.clock.now += 100
      await session.authorize({ force: true })
      expect(registrations(world)).toHaveLength(expected)
    }
  })

  test('invalid_client for a registration of an earlier day: registered again, asked again, once', async () => {
    const world = fakeWorld()
    const store = memoryStore()
    await sessionIn(world, { store }).authorize()
    let refusals = 1
    world.on('POST', TOKEN, (request, original) => {
      if (refusals === 0) return world.usual('POST', TOKEN, request, original)
      refusals -= 1
      return oauthError('invalid_client', 401)
    })
    const session = sessionIn(world, { store })
    expect((await session.authorize({ force: true })).clientId).not.toBe('client-1')
    expect(registrations(world)).toHaveLength(2)

    refusals = 9
    const failure = await failureOf(session.authorize({ force: true }))
    expect(failure).toMatchObject({ code: 'invalid_client', final: true })
    expect(registrations(world)).toHaveLength(3)
  })

  test('a configured client id that the server does not know is an error, not a reason to register', async () => {
    const world = fakeWorld()
    world.on('POST', TOKEN, () => oauthError('invalid_client', 401))
    const session = sessionIn(world, { client: { id: 'known', issuer: world.issuer } })
    expect((await failureOf(session.authorize())).code).toBe('invalid_client')
    expect(registrations(world)).toEqual([])
  })

  test('logout({ forgetClient: true }) gives up the registration, for servers that lost it', async () => {
    const world = fakeWorld()
    const session = sessionIn(world)
    await session.authorize()
    await session.logout({ forgetClient: true })
    await session.authorize()
    expect(registrations(world)).toHaveLength(2)
  })
})

describe('options that cannot work', () => {
  test('SEC-003 a secret needs the issuer that it may be shown to', () => {
    expect(() => createSession('https://mcp.example.com', { client: { id: 'x', secret: 's' } })).toThrow()
    expect(() =>
      createSession('https://mcp.example.com', { client: { secret: 's', issuer: 'https://as.example.com' } }),
    ).toThrow()
  })
  test('R5 the redirect URI that is registered is the one that the interaction is bound to', async () => {
    const world = fakeWorld()
    const order: string[] = []
    const interaction = person(async (url) => (await world.fetch(url)).headers.get('location') ?? '')
    await sessionIn(world, {
      interaction: {
        ...interaction,
        prepare: (context) => {
          order.push(`prepared after ${registrations(world).length} registrations`)
          return interaction.prepare(context)
        },
      },
    }).authorize()
    expect(order).toEqual(['prepared after 0 registrations'])
    expect(registrations(world)[0].redirect_uris).toEqual(['http://127.0.0.1:5000/callback'])
  })
})
