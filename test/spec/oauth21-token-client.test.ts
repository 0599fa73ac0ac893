/**
 * The client at the token endpoint, and with what it gets there.
 *
 * @see OAuth 2.1 section 2.4, section 3.2 (draft-ietf-oauth-v2-1-16)
 * @see RFC 6749 section 2.3.1
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { type ClientOptions, memoryStore } from '../../client/index.ts'
import { failureOf, sessionIn } from '../support/client.ts'
import { fakeWorld, json } from '../support/fake-authorization-server.ts'

const TOKEN = 'https://as.example.com/token'
const issuer = 'https://as.example.com'

describe('C-055 section 2.4 one way to authenticate per request', () => {
  const basic = (id: string, secret: string): string => `Basic ${btoa(`${id}:${secret}`)}`
  const all = ['none', 'client_secret_basic', 'client_secret_post']
  const cases: readonly [
    string,
    Partial<ClientOptions>,
    string[] | undefined,
    string | null,
    string | null,
    string | null,
  ][] = [
    ['no secret', {}, all, null, 'known', null],
    ['a secret, everything offered', { secret: 's' }, all, basic('known', 's'), null, null],
    ['a secret, nothing said', { secret: 's' }, undefined, basic('known', 's'), null, null],
    ['a secret, only post offered', { secret: 's' }, ['client_secret_post'], null, 'known', 's'],
    ['a secret, post asked for', { secret: 's', authMethod: 'client_secret_post' }, all, null, 'known', 's'],
    ['a secret, none asked for', { secret: 's', authMethod: 'none' }, all, null, 'known', null],
  ]
  test.each(cases)('C-055 %s', async (_name, client, methods, authorization, id, secret) => {
    const world = fakeWorld({ serverMetadata: { token_endpoint_auth_methods_supported: methods }, expiresIn: 100 })
    const session = sessionIn(world, { client: { id: 'known', issuer, ...client } })
    await session.authorize()
    world.clock.now += 90
    await session.fetch(world.resource)
    await session.logout()
    const sent = [...world.sent('POST', TOKEN), ...world.sent('POST', 'https://as.example.com/revoke')]
    expect(sent).toHaveLength(4)
    for (const { headers, form } of sent) {
      expect(headers.get('authorization')).toBe(authorization)
      expect([form.get('client_id'), form.get('client_secret')]).toEqual([id, secret])
      expect(headers.get('content-type')).toStartWith('application/x-www-form-urlencoded')
    }
  })

  test('C-055 as the registration answered, even if something else was asked for', async () => {
    const world = fakeWorld()
    world.on('POST', 'https://as.example.com/register', ({ body }) =>
      json(
        { ...JSON.parse(body), client_id: 'c', client_secret: 's', token_endpoint_auth_method: 'client_secret_post' },
        201,
      ),
    )
    await sessionIn(world).authorize()
    const { form, headers } = world.sent('POST', TOKEN)[0] ?? {}
    expect([form?.get('client_secret'), headers?.get('authorization')]).toEqual(['s', null])
  })

  test('section 2.3.1 id and secret are form-encoded before they become Basic credentials', async () => {
    const world = fakeWorld()
    await sessionIn(world, { client: { id: 'a:b c', secret: 'p%+/ü:', issuer } }).authorize()
    const header = world.sent('POST', TOKEN)[0]?.headers.get('authorization') ?? ''
    expect(atob(header.slice('Basic '.length))).toBe('a%3Ab+c:p%25%2B%2F%C3%BC%3A')
  })
})

describe('section 3.2.3 the answer', () => {
  test('the token type is compared without case, and any other than Bearer is refused', async () => {
    const world = fakeWorld()
    world.on('POST', TOKEN, () => json({ access_token: 'x', token_type: 'bEaReR' }))
    expect((await sessionIn(world).authorize()).expiresAt).toBeUndefined()
    world.on('POST', TOKEN, () => json({ access_token: 'x', token_type: 'DPoP' }))
    expect((await failureOf(sessionIn(world).authorize())).code).toBe('token_type_unsupported')
  })

  test('C-108 an answer with scope says what was granted, one without means as requested', async () => {
    for (const [scope, expected] of [
      ['a', ['a']],
      [undefined, ['a', 'b']],
      ['a c', ['a', 'c']],
    ] as const) {
      const world = fakeWorld({ challengeScope: 'a b' })
      world.on('POST', TOKEN, () => json({ access_token: 'x', token_type: 'Bearer', scope }))
      expect((await sessionIn(world).authorize()).scope).toEqual([...expected])
    }
  })

  const lifetimes: readonly [string, string][] = [
    ['a number', '1e300'],
    ['infinity', '1e400'],
    ['digits', `"1${'0'.repeat(400)}"`],
  ]
  test.each(lifetimes)(
    'section 3.2.3 a lifetime beyond all bounds, as %s, is a very long one, and can be read back',
    async (_name, lifetime) => {
      const world = fakeWorld()
      const body = `{"access_token":"x","refresh_token":"y","token_type":"Bearer","expires_in":${lifetime}}`
      const headers = new Headers({ 'content-type': 'application/json' })
      world.on('POST', TOKEN, () => new Response(body, { headers }))
      const store = memoryStore()
      const { expiresAt = 0 } = await sessionIn(world, { store }).authorize()
      expect(expiresAt).toBeGreaterThan(world.clock.now + 1_000_000_000)
      expect(await sessionIn(world, { store }).status()).toBe('ready')
    },
  )

  const answers: readonly [string, () => Response, string][] = [
    ['an OAuth error', () => json({ error: 'invalid_request' }, 400), 'token_request_failed'],
    ['a token with 201', () => json({ access_token: 'x', token_type: 'Bearer' }, 201), 'server_unavailable'],
    ['a rejected code', () => json({ error: 'invalid_grant' }, 400), 'invalid_grant'],
    ['trouble', () => json({}, 502), 'server_unavailable'],
    ['a 400 of a proxy', () => new Response('<p>', { status: 400 }), 'server_unavailable'],
    ['no token', () => json({ token_type: 'Bearer' }), 'invalid_response'],
    ['an empty token', () => json({ access_token: '', token_type: 'Bearer' }), 'invalid_response'],
    [
      'a negative lifetime',
      () => json({ access_token: 'x', token_type: 'Bearer', expires_in: -1 }),
      'invalid_response',
    ],
    ['a redirect', () => Response.redirect('https://evil.example/', 307), 'redirect_refused'],
  ]
  test.each(answers)('section 3.2.4 %s', async (_name, answer, code) => {
    const world = fakeWorld()
    world.on('POST', TOKEN, answer)
    const session = sessionIn(world)
    expect((await failureOf(session.authorize())).code).toBe(code as never)
    expect(await session.status()).toBe('signed-out')
  })
})

describe('C-105 what a session says about itself', () => {
  test('status() reads the store and never touches the network', async () => {
    const world = fakeWorld({ expiresIn: 100 })
    const session = sessionIn(world)
    expect(await session.status()).toBe('signed-out')
    expect(world.requests).toHaveLength(0)
    await session.authorize()
    const before = world.requests.length
    expect(await session.status()).toBe('ready')
    world.clock.now += 100
    expect(await session.status()).toBe('refreshable')
    expect(world.requests).toHaveLength(before)
  })

  test('C-105 an expired token without a refresh token is no sign-in', async () => {
    const world = fakeWorld({ expiresIn: 100, refreshTokens: false })
    const session = sessionIn(world)
    expect((await session.authorize()).refreshable).toBe(false)
    world.clock.now += 100
    expect(await session.status()).toBe('signed-out')
  })

  test('a grant shows what was granted, and no token', async () => {
    const world = fakeWorld({ challengeScope: 'a' })
    const grant = await sessionIn(world).authorize()
    expect(grant).toEqual({
      resource: world.resource,
      issuer,
      clientId: 'client-1',
      scope: ['a'],
      tokenType: 'Bearer',
      expiresAt: world.clock.now + 900,
      refreshable: true,
    })
  })

  test('authorize() is a no-op while a usable or refreshable credential exists', async () => {
    const world = fakeWorld({ expiresIn: 100 })
    const session = sessionIn(world)
    await session.authorize()
    await session.authorize()
    world.clock.now += 100
    await session.authorize()
    expect(world.sent('GET', 'https://as.example.com/authorize')).toHaveLength(1)
    expect(await session.status()).toBe('ready')
  })
})
