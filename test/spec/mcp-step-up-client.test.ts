/**
 * 401 and 403: asking for more, and knowing when to stop.
 *
 * @see MCP 2026-07-28, authorization, "Step-Up Authorization Flow"
 * @see RFC 6750 section 3.1
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { AuthorizationRequiredError, memoryStore } from '../../client/index.ts'
import { formatChallenge } from '../../shared/challenge.ts'
import { approve, attendedSessionIn, failureOf, sessionIn } from '../support/client.ts'
import { type FakeOptions, type FakeWorld, fakeWorld, json } from '../support/fake-authorization-server.ts'

const AUTHORIZE = 'https://as.example.com/authorize'
const TOKEN = 'https://as.example.com/token'
const scopes = (world: FakeWorld): (string | null)[] =>
  world.sent('GET', AUTHORIZE).map(({ query }) => query.get('scope'))

async function attended(fake: FakeOptions = { challengeScope: 'read' }) {
  const world = fakeWorld(fake)
  const session = attendedSessionIn(world, approve(world))
  await session.authorize()
  return { world, session, call: () => session.fetch(world.resource, { method: 'POST', body: '{}' }) }
}

describe('C-120 C-121 a person is asked for the union', () => {
  test('C-120 C-122 R9 fetch throws, authorize asks for requested, granted and challenged, and the request works', async () => {
    const { world, session, call } = await attended()
    world.mcp.scope = ['write']
    const failure = await failureOf(call())
    expect(failure).toBeInstanceOf(AuthorizationRequiredError)
    expect(failure).toMatchObject({
      code: 'insufficient_scope',
      reason: 'insufficient_scope',
      scope: ['read', 'write'],
      interactive: true,
    })
    // Not expired: the present token goes on working for the rest.
    expect(await session.status()).toBe('ready')
    const grant = await session.authorize()
    expect(grant.scope).toEqual(['read', 'write'])
    expect(scopes(world)).toEqual(['read', 'read write'])
    expect((await call()).status).toBe(200)
  })

  test.each(['Bearer realm="gateway"', 'DPoP algs="ES256"'])(
    'C-011 C-120 beside %s of a program in between it is the challenge that says something that counts',
    async (other) => {
      const { world, call } = await attended()
      const said = formatChallenge('Bearer', { error: 'insufficient_scope', scope: 'write' })
      world.mcp.handle = () => new Response(null, { status: 403, headers: { 'www-authenticate': `${other}, ${said}` } })
      expect(await failureOf(call())).toMatchObject({ code: 'insufficient_scope', scope: ['read', 'write'] })
    },
  )

  test('C-122 scopes that were requested but not granted stay in the union', async () => {
    const world = fakeWorld({ challengeScope: 'a b' })
    world.on('POST', TOKEN, async (request, original) => {
      const answer = await (await world.usual('POST', TOKEN, request, original)).json()
      return json({ ...answer, scope: 'a extra' })
    })
    const session = attendedSessionIn(world, approve(world))
    await session.authorize()
    await session.authorize({ scope: 'c' })
    expect(scopes(world)).toEqual(['a b', 'a b extra c'])
  })

  test('C-122 C-123 authorize({ scope: error.scope }) of another session over the same store does the same', async () => {
    const store = memoryStore()
    const world = fakeWorld({ challengeScope: 'read', serverMetadata: { scopes_supported: ['offline_access'] } })
    const session = attendedSessionIn(world, approve(world), { store })
    await session.authorize()
    await attendedSessionIn(world, approve(world), { store }).authorize({ scope: ['write'] })
    expect(scopes(world)).toEqual(['read offline_access', 'read offline_access write'])
    expect((await session.authorize({ scope: 'read write offline_access' })).scope).toContain('write')
    expect(scopes(world)).toHaveLength(2)
  })

  test('C-121 where no person is involved, fetch does it by itself and repeats the request', async () => {
    const world = fakeWorld({ challengeScope: 'read' })
    const session = sessionIn(world)
    expect((await session.fetch(world.resource, { method: 'POST', body: 'one' })).status).toBe(200)
    world.mcp.scope = ['write']
    const bodies: string[] = []
    world.mcp.handle = async (request) => {
      bodies.push(await request.text())
      return json({})
    }
    expect((await session.fetch(world.resource, { method: 'POST', body: 'two' })).status).toBe(200)
    expect(bodies).toEqual(['two'])
    expect(scopes(world)).toEqual(['read', 'read write'])
  })

  test('a token with the scope that another session has obtained is used, and nobody is asked', async () => {
    const store = memoryStore()
    const world = fakeWorld({ challengeScope: 'read' })
    const session = attendedSessionIn(world, approve(world), { store })
    await session.authorize()
    await session.fetch(world.resource)
    await attendedSessionIn(world, approve(world), { store }).authorize({ scope: 'write' })
    world.mcp.scope = ['write']
    expect((await session.fetch(world.resource)).status).toBe(200)
    expect(scopes(world)).toHaveLength(2)
  })
})

describe('C-124 C-125 knowing when to stop', () => {
  test('C-124 per call one step-up, then the response is returned', async () => {
    const world = fakeWorld({ challengeScope: 'read' })
    const session = sessionIn(world)
    world.on('POST', TOKEN, async (request, original) => {
      const answer = await (await world.usual('POST', TOKEN, request, original)).json()
      return json({ ...answer, scope: 'read' })
    })
    await session.authorize()
    world.on('POST', world.resource, () => denied({ error: 'insufficient_scope', scope: 'never' }))
    expect((await session.fetch(world.resource, { method: 'POST' })).status).toBe(403)
    expect(scopes(world)).toHaveLength(2)
  })

  test('C-124 C-125 at most three authorization attempts for one operation, however often it is repeated', async () => {
    const world = fakeWorld({ challengeScope: 'read' })
    const session = sessionIn(world)
    world.on('POST', TOKEN, async (request, original) => {
      const answer = await (await world.usual('POST', TOKEN, request, original)).json()
      return json({ ...answer, scope: 'read' })
    })
    await session.authorize()
    world.on('POST', world.resource, () => denied({ error: 'insufficient_scope', scope: 'never' }))
    for (const _again of [1, 2, 3, 4, 5]) {
      expect((await session.fetch(world.resource, { method: 'POST' })).status).toBe(403)
    }
    expect(scopes(world)).toHaveLength(3)
    world.clock.now += 600
    await session.fetch(world.resource, { method: 'POST' })
    expect(scopes(world)).toHaveLength(4)
  })

  test('C-124 C-125 however the wanted scopes change: three step-ups in a row, then the response is returned', async () => {
    const { world, session, call } = await attended()
    const codes: string[] = []
    for (const scope of ['s1', 's2', 's3', 's4', 's5']) {
      world.mcp.scope = [scope, 'never']
      const outcome = await call().then(
        ({ status }) => String(status),
        async () => (await session.authorize({ scope })).issuer,
      )
      codes.push(outcome)
    }
    expect(codes).toEqual([world.issuer, world.issuer, world.issuer, '403', '403'])
    expect(scopes(world)).toHaveLength(4)
    world.clock.now += 600
    expect((await failureOf(call())).code).toBe('insufficient_scope')
  })

  test('C-124 C-125 with a person who closes every window too, whatever else is allowed to the present token', async () => {
    const { world, session, call } = await attended()
    world.on('GET', AUTHORIZE, () => new Response(null, { status: 302, headers: { location: 'https://elsewhere' } }))
    const codes: string[] = []
    for (const scope of ['s1', 's2', 's3', 's4']) {
      world.mcp.scope = [scope]
      await call().catch(() => session.authorize().catch(({ code }) => codes.push(code)))
      world.mcp.scope = []
      expect((await call()).status).toBe(200)
    }
    expect(codes).toHaveLength(3)
    expect(scopes(world)).toHaveLength(4)
    expect((await failureOf(session.authorize({ scope: 's4' }))).code).toBe('too_many_attempts')
    world.on('GET', AUTHORIZE)
    expect((await session.authorize({ scope: 's4', force: true })).scope).toContain('s4')
  })

  test('C-125 a step-up that worked starts the count anew', async () => {
    const { world, session, call } = await attended()
    const stepUp = async (scope: string): Promise<void> => {
      world.mcp.scope = [scope]
      await failureOf(call())
      await session.authorize()
    }
    for (const scope of ['s1', 's2', 's3', 's4', 's5']) {
      await stepUp(scope)
      expect((await call()).status).toBe(200)
    }
    expect(scopes(world)).toHaveLength(6)
  })

  test('C-125 a server whose authorization server asks nobody comes to an end as well', async () => {
    const world = fakeWorld({ challengeScope: 'read' })
    const session = sessionIn(world)
    await session.authorize()
    const statuses: number[] = []
    for (let round = 0; round < 15; round += 1) {
      world.mcp.scope = [`s${round}`]
      statuses.push((await session.fetch(world.resource)).status)
    }
    expect(statuses.filter((status) => status === 403).length).toBeGreaterThan(0)
    expect(scopes(world)).toHaveLength(10)
  })

  test('C-125 what is wanted does not grow with every challenge that the host ignores', async () => {
    const { world, session, call } = await attended()
    for (let round = 0; round < 250; round += 1) {
      world.mcp.scope = [`s${round}`]
      await failureOf(call())
    }
    await session.authorize()
    const asked = scopes(world).at(-1)?.split(' ') ?? []
    expect(asked).toContain('s249')
    expect(asked.length).toBeLessThan(110)
    world.mcp.scope = Array.from({ length: 101 }, (_, index) => `t${index}`)
    expect((await call()).status).toBe(403)
  })

  test('C-124 a challenge for what was granted is permanent', async () => {
    const { world, call } = await attended()
    world.on('POST', world.resource, () => denied({ error: 'insufficient_scope', scope: 'read' }))
    expect((await call()).status).toBe(403)
    expect(scopes(world)).toHaveLength(1)
  })

  test('C-128 a challenge without scope: the scopes of the metadata, once', async () => {
    const { world, session, call } = await attended({
      challengeScope: 'read',
      resourceMetadata: { scopes_supported: ['read', 'write'] },
    })
    world.on('POST', world.resource, () => denied({ error: 'insufficient_scope' }))
    expect(await failureOf(call())).toMatchObject({ scope: ['read', 'write'] })
    await session.authorize()
    expect((await call()).status).toBe(403)
    expect(scopes(world)).toHaveLength(2)
  })

  test('the brake: a person who does not finish is asked three times, unless they press the button', async () => {
    const world = fakeWorld()
    let opened = 0
    const session = attendedSessionIn(world, () => {
      opened += 1
      throw new Error('the window was closed')
    })
    const codes: string[] = []
    for (const _again of [1, 2, 3, 4]) codes.push((await failureOf(session.authorize())).code)
    expect(codes).toEqual(['interaction_failed', 'interaction_failed', 'interaction_failed', 'too_many_attempts'])
    expect(opened).toBe(3)
    expect((await failureOf(session.authorize({ force: true }))).code).toBe('interaction_failed')
    world.clock.now += 600
    expect((await failureOf(session.authorize())).code).toBe('interaction_failed')
  })
})

describe('C-126 C-127 what is not an authorization matter', () => {
  const others: readonly [string, () => Response][] = [
    ['C-126 403 without a challenge', () => new Response(null, { status: 403 })],
    ['C-126 403 with another error', () => denied({ error: 'invalid_token', scope: 'x' })],
    [
      'C-126 403 that mentions it in prose',
      () => denied({ error_description: 'error="insufficient_scope", scope="x"' }),
    ],
    [
      'C-126 403 of another scheme',
      () => new Response(null, { status: 403, headers: { 'www-authenticate': 'Basic error="insufficient_scope"' } }),
    ],
    [
      'C-127 400',
      () => new Response(null, { status: 400, headers: { 'www-authenticate': 'Bearer error="invalid_request"' } }),
    ],
    ['404', () => new Response(null, { status: 404 })],
    ['500', () => new Response(null, { status: 500 })],
  ]
  test.each(others)('%s is returned as it is', async (_name, answer) => {
    const { world, call } = await attended()
    world.on('POST', world.resource, answer)
    expect((await call()).status).toBe(answer().status)
    expect(scopes(world)).toHaveLength(1)
    expect(world.sent('POST', TOKEN)).toHaveLength(1)
  })
})

describe('401', () => {
  test('C-011 without a credential: the scopes of the challenge are in the error and in the request', async () => {
    const world = fakeWorld({ challengeScope: 'read' })
    const session = attendedSessionIn(world, approve(world))
    const failure = await failureOf(session.fetch(world.resource))
    expect(failure).toMatchObject({ code: 'authorization_required', reason: 'signed_out', scope: ['read'] })
    await session.authorize()
    expect(scopes(world)).toEqual(['read'])
    // The challenge was at hand: the resource was not asked for another one.
    expect(world.sent('POST', world.resource)).toHaveLength(0)
  })

  test('C-100 fresh and still refused: the response is returned, and the next authorize signs in', async () => {
    const { world, session, call } = await attended()
    world.on('POST', world.resource, () => new Response(null, { status: 401 }))
    expect((await call()).status).toBe(401)
    expect(world.sent('POST', TOKEN)).toHaveLength(2)
    expect(await session.status()).toBe('signed-out')
    world.on('POST', world.resource)
    await session.authorize()
    expect(scopes(world)).toHaveLength(2)
    expect((await call()).status).toBe(200)
  })

  test('a 401 without any challenge is handled too', async () => {
    const world = fakeWorld()
    const session = attendedSessionIn(world, approve(world))
    world.on('POST', world.resource, () => new Response(null, { status: 401 }))
    expect((await failureOf(session.fetch(world.resource, { method: 'POST' }))).code).toBe('authorization_required')
    world.on('POST', world.resource)
    await session.authorize()
    expect(world.sent('GET', world.metadataUrl)).toHaveLength(1)
  })
})

function denied(params: Record<string, string>): Response {
  return new Response(null, { status: 403, headers: { 'www-authenticate': formatChallenge('Bearer', params) } })
}
