/**
 * Refreshing: what is kept through trouble, what ends a credential, and when it is stored.
 *
 * @see OAuth 2.1 section 4.3 (draft-ietf-oauth-v2-1-16)
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { memoryStore, type Store } from '../../client/index.ts'
import { credentialKey, selectionKey } from '../../client/stores/keys.ts'
import { approve, attendedSessionIn, failureOf, lockless, sessionIn, signedIn } from '../support/client.ts'
import { type FakeWorld, json, oauthError } from '../support/fake-authorization-server.ts'

const TOKEN = 'https://as.example.com/token'

describe('when', () => {
  const moments: readonly [number, number, number][] = [
    [900, 869, 0],
    [900, 870, 1],
    [60, 44, 0],
    [60, 45, 1],
    [4, 2, 0],
    [4, 3, 1],
  ]
  test.each(moments)(
    'of %i seconds, %i have passed: %i refreshes before the request',
    async (expiresIn, passed, count) => {
      const { world, call, refreshes } = await signedIn({ expiresIn })
      world.clock.now += passed
      expect((await call()).status).toBe(200)
      expect(refreshes()).toHaveLength(count)
    },
  )

  test('C-109 a token without a stated lifetime is used until a server refuses it', async () => {
    const { world, call, refreshes } = await signedIn({ refreshTokens: true })
    world.on('POST', TOKEN, async (request, original) => {
      const { expires_in: _dropped, ...rest } = await (await world.usual('POST', TOKEN, request, original)).json()
      return json(rest)
    })
    world.clock.now += 890
    await call()
    expect(refreshes()).toHaveLength(1)
    world.clock.now += 800
    await call()
    expect(refreshes()).toHaveLength(1)
    world.forgetAccessTokens()
    expect((await call()).status).toBe(200)
    expect(refreshes()).toHaveLength(2)
  })

  test('C-105 C-109 without a refresh token the session tells that a person is needed', async () => {
    const { world, session, call, opened } = await signedIn({ refreshTokens: false })
    world.forgetAccessTokens()
    expect(await failureOf(call())).toMatchObject({ code: 'authorization_required', reason: 'token_rejected' })
    expect(await session.status()).toBe('signed-out')
    await session.authorize()
    expect(opened).toHaveLength(2)
    expect((await call()).status).toBe(200)
  })
})

describe('R2 what is final, and what is not', () => {
  const transient: readonly [string, () => Response][] = [
    ['500', () => json({}, 500)],
    ['503 with a structured error', () => oauthError('temporarily_unavailable', 503)],
    ['500 with invalid_grant', () => oauthError('invalid_grant', 500)],
    ['429', () => oauthError('slow_down', 429)],
    ['429 with invalid_grant', () => oauthError('invalid_grant', 429)],
    ['408 with invalid_grant', () => oauthError('invalid_grant', 408)],
    ['400 as HTML', () => new Response('<p>', { status: 400, headers: { 'content-type': 'text/html' } })],
    ['400 with invalid_grant as plain text', () => new Response('{"error":"invalid_grant"}', { status: 400 })],
    ['401 with nothing', () => new Response(null, { status: 401 })],
    ['404', () => new Response(null, { status: 404 })],
    ['400 server_error', () => oauthError('server_error')],
    ['400 invalid_request', () => oauthError('invalid_request')],
    ['400 invalid_scope', () => oauthError('invalid_scope')],
    ['200 as HTML', () => new Response('<p>')],
    ['200 without a token', () => json({ token_type: 'Bearer' })],
    ['a redirect', () => Response.redirect('https://as.example.com/login', 302)],
    [
      'a dropped connection',
      () => {
        throw new TypeError('fetch failed')
      },
    ],
  ]
  test.each(transient)(
    'R2 %s: everything is kept, no browser is opened, and it works again later',
    async (_name, answer) => {
      const { world, session, call, opened } = await signedIn()
      world.clock.now += 900
      world.on('POST', TOKEN, answer)
      expect(await failureOf(call())).toMatchObject({ code: 'refresh_unavailable', retryable: true, final: false })
      expect(await session.status()).toBe('refreshable')
      expect((await failureOf(session.authorize())).code).toBe('refresh_unavailable')
      world.on('POST', TOKEN)
      world.clock.now += 60
      expect((await call()).status).toBe(200)
      expect(opened).toHaveLength(1)
    },
  )

  test.each(['invalid_grant', 'invalid_client'])('R2 a structured %s ends the credential', async (error) => {
    const { world, session, call, opened } = await signedIn()
    world.clock.now += 900
    world.on('POST', TOKEN, () => oauthError(error, 400, 'revoked'))
    const failure = await failureOf(call())
    expect(failure).toMatchObject({
      code: 'authorization_required',
      reason: 'refresh_rejected',
      interactive: true,
      oauthError: error,
    })
    expect(await session.status()).toBe('signed-out')
    world.on('POST', TOKEN)
    await session.authorize()
    expect(opened).toHaveLength(2)
    expect(world.sent('POST', 'https://as.example.com/register')).toHaveLength(error === 'invalid_client' ? 2 : 1)
    expect((await call()).status).toBe(200)
  })

  test('R6 after invalid_client the metadata is read anew, though it is fresh', async () => {
    const { world, session, call } = await signedIn({ expiresIn: 60 })
    for (const url of [world.metadataUrl, world.serverMetadataUrl]) {
      world.on('GET', url, async (request, original) => {
        const answer = await world.usual('GET', url, request, original)
        answer.headers.set('cache-control', 'max-age=86400')
        return answer
      })
    }
    const read = () => world.sent('GET', world.serverMetadataUrl).length
    await session.authorize({ force: true })
    const fresh = read()
    await session.authorize({ force: true })
    expect(read()).toBe(fresh)
    world.clock.now += 60
    world.on('POST', TOKEN, () => oauthError('invalid_client', 401))
    expect(await failureOf(call())).toMatchObject({ reason: 'refresh_rejected' })
    world.on('POST', TOKEN)
    await session.authorize()
    expect(read()).toBe(fresh + 1)
  })

  test('R2 a wrong secret in the configuration does not end the grant', async () => {
    const store = memoryStore()
    const issuer = 'https://as.example.com'
    const { world, session, call } = await signedIn({}, { store, client: { id: 'known', issuer } })
    world.clock.now += 900
    world.on('POST', TOKEN, () => oauthError('invalid_client', 401))
    expect((await failureOf(call())).code).toBe('invalid_client')
    expect(await session.status()).toBe('refreshable')
  })

  test('while the token is still good, a refresh that fails for the moment does not matter', async () => {
    const { world, call, refreshes } = await signedIn()
    world.clock.now += 880
    world.on('POST', TOKEN, () => json({}, 503, { 'retry-after': '15' }))
    expect((await call()).status).toBe(200)
    expect((await call()).status).toBe(200)
    expect(refreshes()).toHaveLength(1)
  })

  test('a server in trouble is left alone: Retry-After, else longer each time', async () => {
    const { world, call, refreshes } = await signedIn()
    world.clock.now += 900
    world.on('POST', TOKEN, () => json({}, 503, { 'retry-after': '30' }))
    expect((await failureOf(call())).retryAfter).toBe(30)
    expect((await failureOf(call())).retryAfter).toBe(30)
    expect(refreshes()).toHaveLength(1)
    world.clock.now += 30
    world.on('POST', TOKEN, () => json({}, 500))
    expect((await failureOf(call())).retryAfter).toBe(2)
    world.clock.now += 2
    expect((await failureOf(call())).retryAfter).toBe(4)
    expect(refreshes()).toHaveLength(3)
  })
})

describe('R2 an access token of a type that is not Bearer', () => {
  test('R2 the rotated refresh token is kept, the server is left alone, and it works again later', async () => {
    const { world, session, call, refreshes, opened } = await signedIn()
    world.clock.now += 900
    world.on('POST', TOKEN, async (request, original) => {
      const answer = await (await world.usual('POST', TOKEN, request, original)).json()
      return json({ ...answer, token_type: 'DPoP' })
    })
    for (const _again of [1, 2]) {
      const failure = await failureOf(call())
      expect(failure).toMatchObject({ code: 'refresh_unavailable', retryable: true, retryAfter: 1 })
    }
    expect(refreshes()).toHaveLength(1)
    expect(await session.status()).toBe('refreshable')
    world.on('POST', TOKEN)
    world.clock.now += 60
    expect((await call()).status).toBe(200)
    const [first, second] = refreshes().map(({ form }) => form.get('refresh_token'))
    expect(second).not.toBe(first ?? null)
    expect(opened).toHaveLength(1)
  })

  test('R3 what is kept has a generation of its own, and whoever holds the access token that it still has goes on from there', async () => {
    const store = memoryStore()
    const { world, call, refreshes } = await signedIn({}, { store })
    const other = sessionIn(world, { store, interaction: [] })
    await other.fetch(world.resource)
    const key = await credentialKeyIn(store, world)
    const before = await store.get(key)
    world.forgetAccessTokens()
    world.on('POST', TOKEN, async (request, original) => {
      const answer = await (await world.usual('POST', TOKEN, request, original)).json()
      return json({ ...answer, token_type: 'DPoP' })
    })
    await failureOf(call())
    const kept = await store.get(key)
    expect([kept?.['accessToken'], kept?.['refreshToken'] === before?.['refreshToken']]).toEqual([
      before?.['accessToken'],
      false,
    ])
    expect(await store.set(key, { generation: 'late' }, before?.generation)).toBe(false)
    world.on('POST', TOKEN)
    world.clock.now += 2
    expect((await other.fetch(world.resource)).status).toBe(200)
    expect(refreshes().at(-1)?.form.get('refresh_token')).toBe(String(kept?.['refreshToken']))
  })

  test('R2 while the present token is good it goes on being used', async () => {
    const { world, call, opened } = await signedIn()
    world.clock.now += 880
    world.on('POST', TOKEN, () => json({ access_token: 'x', token_type: 'DPoP' }))
    expect((await call()).status).toBe(200)
    world.on('POST', TOKEN)
    world.clock.now += 60
    expect((await call()).status).toBe(200)
    expect(opened).toHaveLength(1)
  })

  test('R3 a successor that somebody has stored meanwhile is not overwritten', async () => {
    const store = memoryStore()
    const { world, session, call } = await signedIn({}, { store })
    const other = attendedSessionIn(world, approve(world), { store: lockless(store) })
    world.clock.now += 900
    world.on('POST', TOKEN, async (request, original) => {
      world.on('POST', TOKEN)
      await other.authorize({ force: true })
      const answer = await (await world.usual('POST', TOKEN, request, original)).json()
      return json({ ...answer, token_type: 'DPoP' })
    })
    await failureOf(call())
    expect(await session.status()).toBe('ready')
  })
})

describe('persisting', () => {
  test('a credential that cannot be stored is not used: the failure is an error', async () => {
    const inner = memoryStore()
    let broken = false
    const store: Store = {
      ...inner,
      set: (key, record, ifGeneration) =>
        broken ? Promise.reject(new Error('disk full')) : inner.set(key, record, ifGeneration),
    }
    const { world, call } = await signedIn({}, { store })
    world.clock.now += 900
    broken = true
    expect((await failureOf(call())).code).toBe('store_failed')
    const tokens = world.sent('POST', world.resource).map(({ headers }) => headers.get('authorization'))
    expect(tokens).not.toContain('Bearer access-4')
  })

  test('it is stored before any request carries it', async () => {
    const inner = memoryStore()
    const order: string[] = []
    const store: Store = {
      ...inner,
      set: async (key, record, ifGeneration) => {
        const stored = await inner.set(key, record, ifGeneration)
        if (key.startsWith('credential:')) order.push(`stored ${record['accessToken']}`)
        return stored
      },
    }
    const { world, call } = await signedIn({}, { store })
    world.mcp.handle = (request) => {
      order.push(`used ${request.headers.get('authorization')?.slice('Bearer '.length)}`)
      return json({})
    }
    world.clock.now += 900
    await call()
    expect(order.slice(-2).map((entry) => entry.split(' ')[0])).toEqual(['stored', 'used'])
    expect(order.at(-2)?.split(' ')[1]).toBe(order.at(-1)?.split(' ')[1] ?? '')
  })

  test('R3 a final failure deletes only the generation that failed', async () => {
    const store = memoryStore()
    const { world, session, call } = await signedIn({}, { store })
    world.clock.now += 900
    const other = attendedSessionIn(world, approve(world), { store: lockless(store) })
    world.on('POST', TOKEN, async () => {
      // While this refresh is under way, somebody signs in again, in a process that does not wait for the lock.
      world.on('POST', TOKEN)
      await other.authorize({ force: true })
      return oauthError('invalid_grant')
    })
    await failureOf(call())
    expect(await session.status()).toBe('ready')
    expect((await call()).status).toBe(200)
  })
})

async function credentialKeyIn(store: Store, { resource, issuer }: FakeWorld): Promise<string> {
  const clientId = String((await store.get(selectionKey({ resource, profile: 'default', client: {} })))?.['clientId'])
  return credentialKey({ resource, issuer, clientId, profile: 'default' })
}
