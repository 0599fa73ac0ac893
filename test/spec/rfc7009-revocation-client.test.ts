/**
 * Signing out: revoke, then delete, and say which happened.
 *
 * @see RFC 7009 section 2
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { memoryStore, type SessionOptions } from '../../client/index.ts'
import { gate, sessionIn } from '../support/client.ts'
import { type FakeOptions, fakeWorld, json, oauthError } from '../support/fake-authorization-server.ts'

const REVOKE = 'https://as.example.com/revoke'

async function signedIn(fake: FakeOptions = {}, options: SessionOptions = {}) {
  const world = fakeWorld(fake)
  const session = sessionIn(world, options)
  await session.authorize()
  return { world, session }
}

describe('section 2.1 logout', () => {
  test('R13 revokes the refresh token, then the access token, then deletes', async () => {
    const { world, session } = await signedIn()
    expect(await session.logout()).toEqual({ revoked: true, deleted: true })
    const sent = world.sent('POST', REVOKE).map(({ form }) => Object.fromEntries(form))
    expect(sent).toEqual([
      { token: 'refresh-4', token_type_hint: 'refresh_token', client_id: 'client-1' },
      { token: 'access-3', token_type_hint: 'access_token', client_id: 'client-1' },
    ])
    expect(await session.status()).toBe('signed-out')
    expect(world.tokens.size + world.refreshTokens.size).toBe(0)
  })

  test('R13 a server without a revocation endpoint', async () => {
    const { session } = await signedIn({ serverMetadata: { revocation_endpoint: undefined } })
    expect(await session.logout()).toEqual({ revoked: 'unsupported', deleted: true })
    expect(await session.status()).toBe('signed-out')
  })

  const failures: readonly [string, () => Response][] = [
    ['503', () => json({}, 503)],
    ['400', () => json({ error: 'invalid_request' }, 400)],
    ['a redirect', () => Response.redirect('https://evil.example/', 307)],
    [
      'no connection',
      () => {
        throw new TypeError('down')
      },
    ],
  ]
  test.each(failures)('R13 %s: said so, and deleted nevertheless', async (_name, answer) => {
    const { world, session } = await signedIn()
    world.on('POST', REVOKE, answer)
    expect(await session.logout()).toEqual({ revoked: false, deleted: true })
    expect(await session.status()).toBe('signed-out')
  })

  const kinds: readonly [string, readonly string[], boolean | 'unsupported'][] = [
    ['access tokens: the refresh token is revoked, and that is what counts', ['access_token'], true],
    ['any token', ['access_token', 'refresh_token'], 'unsupported'],
    ['refresh tokens', ['refresh_token'], false],
  ]
  test.each(kinds)('R13 section 2.2.1 a server that cannot revoke %s', async (_name, unsupported, revoked) => {
    const { world, session } = await signedIn()
    world.on('POST', REVOKE, ({ form }) =>
      unsupported.includes(form.get('token_type_hint') ?? '')
        ? oauthError('unsupported_token_type')
        : new Response(null, { status: 200 }),
    )
    expect(await session.logout()).toEqual({ revoked, deleted: true })
  })

  test('R13 nothing to sign out of', async () => {
    const world = fakeWorld()
    expect(await sessionIn(world).logout()).toEqual({ revoked: false, deleted: false })
    expect(world.requests).toHaveLength(0)
  })

  test('the metadata is found again where it was forgotten, at the issuer of the credential only', async () => {
    const inner = memoryStore()
    let forgetful = false
    const store = {
      ...inner,
      get: async (key: string) => (forgetful && key.startsWith('discovery:') ? undefined : inner.get(key)),
    }
    const { world, session } = await signedIn({}, { store })
    forgetful = true
    world.on('GET', world.metadataUrl, () =>
      json({ resource: world.resource, authorization_servers: ['https://new.example'] }),
    )
    expect(await session.logout()).toEqual({ revoked: false, deleted: true })
    expect(world.sent('POST', REVOKE)).toHaveLength(0)
  })

  test('another session over the same store sends the token no more either', async () => {
    const store = memoryStore()
    const { world, session } = await signedIn({}, { store })
    const other = sessionIn(world, { store, interaction: [] })
    expect((await other.fetch(world.resource)).status).toBe(200)
    await session.logout()
    await other.fetch(world.resource).catch(() => {})
    const used = world.sent('GET', world.resource).map(({ headers }) => headers.get('authorization'))
    expect(used).toEqual(['Bearer access-3', null])
  })

  test('nor one that was refreshing meanwhile, and a new sign-in is used by all of them', async () => {
    const store = memoryStore()
    const { world, session } = await signedIn({ expiresIn: 900 }, { store })
    const other = sessionIn(world, { store, interaction: [] })
    world.clock.now += 890
    const [asked, answer] = [gate(), gate()]
    world.on('POST', 'https://as.example.com/token', async (request, original) => {
      asked.open()
      await answer.opened
      return world.usual('POST', 'https://as.example.com/token', request, original)
    })
    const refreshing = other.fetch(world.resource).catch(() => {})
    await asked.opened
    const leaving = session.logout()
    answer.open()
    await Promise.all([refreshing, leaving])
    await other.fetch(world.resource).catch(() => {})
    const tokens = () => world.sent('GET', world.resource).map(({ headers }) => headers.get('authorization'))
    expect(tokens().at(-1)).toBeNull()
    for (const force of [false, true]) {
      await session.authorize({ force })
      expect((await other.fetch(world.resource)).status).toBe(200)
      expect(tokens().at(-1)).toBe(`Bearer ${[...world.tokens.keys()].at(-1)}`)
    }
  })

  test('the next request is sent without a token', async () => {
    const { world, session } = await signedIn({}, {})
    await session.logout()
    world.on('GET', world.resource, () => json({}))
    await session.fetch(world.resource)
    expect(world.sent('GET', world.resource)[0]?.headers.get('authorization')).toBeNull()
  })
})
