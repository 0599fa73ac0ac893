/**
 * The client finds the protected resource metadata, and believes only what is about its resource.
 *
 * @see RFC 9728 section 3, section 5, section 7
 * @see MCP 2026-07-28, authorization server discovery
 * @see docs/adr/0051-identical-resource.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { memoryStore } from '../../client/index.ts'
import { approve, attendedSessionIn, failureOf, sessionIn } from '../support/client.ts'
import { fakeWorld, json } from '../support/fake-authorization-server.ts'

const ROOT = 'https://mcp.example.com/.well-known/oauth-protected-resource'
const gets = (world: ReturnType<typeof fakeWorld>): string[] =>
  world.requests.filter(({ method, url }) => method === 'GET' && url.includes('/.well-known/')).map(({ url }) => url)
const missing = (): Response => new Response(null, { status: 404 })

describe('where the metadata is looked for', () => {
  test('C-010 C-012 the URL of the challenge comes first', async () => {
    const world = fakeWorld()
    const elsewhere = 'https://mcp.example.com/metadata?tenant=1'
    world.on(
      'POST',
      world.resource,
      () =>
        new Response(null, { status: 401, headers: { 'www-authenticate': `Bearer resource_metadata="${elsewhere}"` } }),
    )
    world.on('GET', 'https://mcp.example.com/metadata', () =>
      json({ resource: world.resource, authorization_servers: [world.issuer] }),
    )
    await sessionIn(world).authorize()
    expect(gets(world)[0]).toBe(world.serverMetadataUrl)
    expect(world.sent('GET', 'https://mcp.example.com/metadata')[0]?.query.get('tenant')).toBe('1')
  })

  test('C-013 C-015 without a hint: below the path, then at the root', async () => {
    const world = fakeWorld({ hint: false })
    world.on('GET', world.metadataUrl, missing)
    world.on('GET', ROOT, () => json({ resource: 'https://mcp.example.com', authorization_servers: [world.issuer] }))
    const grant = await sessionIn(world).authorize()
    expect(gets(world)).toEqual([`${ROOT}/mcp`, ROOT, world.serverMetadataUrl])
    expect(grant.resource).toBe('https://mcp.example.com')
  })

  test('C-012 a hint that answers 404 is followed by the well-known locations', async () => {
    const world = fakeWorld()
    world.on(
      'POST',
      world.resource,
      () =>
        new Response(null, {
          status: 401,
          headers: { 'www-authenticate': 'Bearer resource_metadata="https://mcp.example.com/gone"' },
        }),
    )
    await sessionIn(world).authorize()
    expect(world.sent('GET', world.metadataUrl)).toHaveLength(1)
  })

  test('C-013 a challenge that cannot be had (a browser may not ask across origins) is done without', async () => {
    const world = fakeWorld()
    world.on('POST', world.resource, () => {
      throw new TypeError('blocked by CORS')
    })
    expect((await sessionIn(world).authorize()).issuer).toBe(world.issuer)
  })

  test('C-013 an endpoint at the root has one location', async () => {
    const world = fakeWorld({ resource: 'https://mcp.example.com', hint: false })
    world.on('GET', ROOT, missing)
    expect((await failureOf(sessionIn(world).authorize())).code).toBe('resource_metadata_not_found')
    expect(gets(world)).toEqual([ROOT])
  })

  test('C-015 path and query of the resource stay', async () => {
    const world = fakeWorld({ hint: false })
    const session = sessionIn(world)
    expect(session.resource).toBe('https://mcp.example.com/mcp')
    const queried = sessionIn(fakeWorld({ resource: 'https://mcp.example.com/mcp?a=b' }))
    expect(queried.resource).toBe('https://mcp.example.com/mcp?a=b')
  })

  test('C-014 no metadata anywhere: an error, and no server is made up', async () => {
    const world = fakeWorld({ hint: false })
    world.on('GET', world.metadataUrl, missing)
    expect((await failureOf(sessionIn(world).authorize())).code).toBe('resource_metadata_not_found')
    expect(gets(world).some((url) => url.includes('authorization-server'))).toBe(false)
  })
})

describe('C-016 section 3.3 the resource must be identical', () => {
  const cases: readonly [string, string][] = [
    ['another origin', 'https://evil.example/mcp'],
    ['another port', 'https://mcp.example.com:8443/mcp'],
    ['another scheme', 'http://mcp.example.com/mcp'],
    ['a slash at the end', 'https://mcp.example.com/mcp/'],
    ['the parent', 'https://mcp.example.com'],
    ['another case', 'https://mcp.example.com/MCP'],
    ['an encoded letter', 'https://mcp.example.com/%6Dcp'],
  ]
  test.each(cases)('C-016 %s is refused', async (_name, declaredResource) => {
    const world = fakeWorld({ declaredResource })
    expect((await failureOf(sessionIn(world).authorize())).code).toBe('resource_mismatch')
    expect(world.sent('GET', world.serverMetadataUrl)).toHaveLength(0)
  })

  test('C-016 the document at the root speaks for the origin only', async () => {
    const world = fakeWorld({ hint: false })
    world.on('GET', world.metadataUrl, missing)
    world.on('GET', ROOT, () => json({ resource: world.resource, authorization_servers: [world.issuer] }))
    expect((await failureOf(sessionIn(world).authorize())).code).toBe('resource_mismatch')
  })

  test('section 3.3 a bare origin is the same with and without its slash, and is sent as declared', async () => {
    const world = fakeWorld({ resource: 'https://mcp.example.com', declaredResource: 'https://mcp.example.com/' })
    const grant = await sessionIn(world).authorize()
    expect(grant.resource).toBe('https://mcp.example.com/')
  })

  test('C-017 the relaxation of the SDKs has to be asked for, and stays within the origin', async () => {
    const compat = { acceptParentResource: true }
    const parent = fakeWorld({ declaredResource: 'https://mcp.example.com/' })
    expect((await sessionIn(parent, { compat }).authorize()).resource).toBe('https://mcp.example.com/')
    for (const declaredResource of [
      'https://mcp.example.com/?tenant=1',
      'https://evil.example/',
      'https://mcp.example.com/mc',
      'https://mcp.example.com/other',
    ]) {
      const world = fakeWorld({ declaredResource })
      expect((await failureOf(sessionIn(world, { compat }).authorize())).code).toBe('resource_mismatch')
    }
  })
})

describe('C-020 section 3.2 what counts as a document', () => {
  const document = { resource: 'https://mcp.example.com/mcp', authorization_servers: ['https://as.example.com'] }
  const good = JSON.stringify(document)
  const broken: readonly [string, () => Response, string][] = [
    ['500', () => json({}, 500), 'server_unavailable'],
    ['503', () => json({}, 503), 'server_unavailable'],
    ['429', () => json({}, 429), 'server_unavailable'],
    ['not JSON', () => new Response('{', { headers: { 'content-type': 'application/json' } }), 'invalid_response'],
    [
      'another content type',
      () => new Response(good, { headers: { 'content-type': 'text/plain' } }),
      'invalid_response',
    ],
    ['no content type', () => new Response(new TextEncoder().encode(good)), 'invalid_response'],
    [
      'another kind of JSON',
      () => new Response(good, { headers: { 'content-type': 'application/ld+json' } }),
      'invalid_response',
    ],
    ['204', () => new Response(null, { status: 204 }), 'invalid_response'],
    ['no authorization_servers', () => json({ resource: 'https://mcp.example.com/mcp' }), 'invalid_response'],
    [
      'an empty list',
      () => json({ resource: 'https://mcp.example.com/mcp', authorization_servers: [] }),
      'invalid_response',
    ],
    ['an array', () => json([]), 'invalid_response'],
    ['a redirect', () => new Response(null, { status: 302, headers: { location: '/x' } }), 'redirect_refused'],
    [
      'a redirect, as browsers show it',
      () => Object.defineProperty(json(document), 'type', { value: 'opaqueredirect' }),
      'redirect_refused',
    ],
    [
      'a redirect that was followed',
      () => Object.defineProperty(json(document), 'redirected', { value: true }),
      'redirect_refused',
    ],
    ['206, though all of it is there', () => json(document, 206), 'invalid_response'],
  ]
  test.each(broken)('C-020 %s is an error, not a reason to look elsewhere', async (_name, answer, code) => {
    const world = fakeWorld()
    world.on('GET', world.metadataUrl, answer)
    expect((await failureOf(sessionIn(world).authorize())).code).toBe(code as never)
    expect(world.sent('GET', ROOT)).toHaveLength(0)
  })

  test('C-020 unknown members are ignored, parameters of the content type too', async () => {
    const world = fakeWorld()
    const type = 'Application/JSON; charset=utf-8'
    world.on(
      'GET',
      world.metadataUrl,
      () => new Response(good.replace('{', '{"x":{},'), { headers: { 'content-type': type } }),
    )
    expect((await sessionIn(world).authorize()).issuer).toBe(world.issuer)
  })

  test('C-020 a server in trouble says when to come back', async () => {
    const world = fakeWorld()
    world.on('GET', world.metadataUrl, () => json({}, 503, { 'retry-after': '17' }))
    const failure = await failureOf(sessionIn(world).authorize())
    expect(failure).toMatchObject({ retryable: true, final: false, retryAfter: 17 })
  })
})

describe('C-018 section 7.6 the client chooses the server', () => {
  const two = { authorization_servers: ['https://first.example', 'https://as.example.com'] }

  test('C-018 by a function of the host, which sees what is held', async () => {
    const world = fakeWorld({ resourceMetadata: two })
    const seen: unknown[] = []
    const session = sessionIn(world, {
      chooseAuthorizationServer: (issuers, context) => {
        seen.push([issuers, context])
        return issuers[1]
      },
    })
    expect((await session.authorize()).issuer).toBe(world.issuer)
    expect(seen[0]).toEqual([two.authorization_servers, { resource: world.resource, held: [] }])
  })

  test('C-018 one that is not listed, or none, is refused', async () => {
    for (const choice of [undefined, 'https://other.example']) {
      const session = sessionIn(fakeWorld(), { chooseAuthorizationServer: () => choice })
      expect((await failureOf(session.authorize())).code).toBe('no_authorization_server')
    }
  })

  test('C-018 by default the one that a client id is configured for, else the first', async () => {
    const world = fakeWorld({ resourceMetadata: two })
    const session = sessionIn(world, { client: { id: 'known', issuer: world.issuer } })
    expect((await session.authorize()).issuer).toBe(world.issuer)
    expect((await failureOf(sessionIn(world).authorize())).code).toBe('server_metadata_not_found')
    expect(world.requests.at(-1)?.url).toStartWith('https://first.example/')
  })
})

describe('reading again', () => {
  test('C-021 section 7.10 cached as the headers say', async () => {
    const lifetimes: readonly [Record<string, string>, number][] = [
      [{ 'cache-control': 'max-age=60' }, 60],
      [{ 'cache-control': 'public, MAX-AGE="60"', age: '20' }, 40],
      [{ 'cache-control': 'no-store' }, 0],
      [{ 'cache-control': 'no-cache, max-age=60' }, 0],
      [{ expires: new Date(1_000_090_000).toUTCString() }, 90],
      [{ expires: '0' }, 0],
      [{}, 300],
    ]
    for (const [headers, lifetime] of lifetimes) {
      const world = fakeWorld()
      world.on('GET', world.metadataUrl, async (request, original) => {
        const usual = await world.usual('GET', world.metadataUrl, request, original)
        return json(await usual.json(), 200, headers)
      })
      const session = sessionIn(world)
      await session.authorize()
      world.clock.now += Math.max(lifetime - 1, 0)
      await session.authorize({ force: true })
      expect(world.sent('GET', world.metadataUrl)).toHaveLength(lifetime === 0 ? 2 : 1)
      world.clock.now += 1
      await session.authorize({ force: true })
      expect(world.sent('GET', world.metadataUrl)).toHaveLength(lifetime === 0 ? 3 : 2)
    }
  })

  test('C-019 section 5.2 a challenge with another URL is followed, cache or not', async () => {
    const world = fakeWorld()
    const session = attendedSessionIn(world, approve(world))
    await session.authorize()
    const moved = 'https://mcp.example.com/moved'
    world.on('GET', moved, () => json({ resource: world.resource, authorization_servers: [world.issuer] }))
    world.on(
      'POST',
      world.resource,
      () => new Response(null, { status: 401, headers: { 'www-authenticate': `Bearer resource_metadata="${moved}"` } }),
    )
    await session.fetch(world.resource, { method: 'POST', body: '{}' })
    expect(world.sent('GET', moved)).toHaveLength(1)
  })

  test('C-019 section 5.2 also before there is a token, though the metadata is fresh', async () => {
    const world = fakeWorld()
    const session = attendedSessionIn(world, approve(world))
    await session.authorize()
    await session.logout()
    await session.authorize()
    expect(world.sent('GET', world.metadataUrl)).toHaveLength(2)
    const store = memoryStore()
    await attendedSessionIn(world, approve(world), { store }).begin({ redirectUri: 'https://app.example.com/cb' })
    const moved = 'https://mcp.example.com/moved'
    world.on('GET', moved, () => json({ resource: world.resource, authorization_servers: [world.issuer] }))
    world.on(
      'POST',
      world.resource,
      () => new Response(null, { status: 401, headers: { 'www-authenticate': `Bearer resource_metadata="${moved}"` } }),
    )
    await attendedSessionIn(world, approve(world), { store }).authorize()
    expect(world.sent('GET', moved)).toHaveLength(1)
  })

  test('C-019 C-069 a 401 for a token that is held reads the metadata again, though it is fresh', async () => {
    const world = fakeWorld()
    const session = sessionIn(world)
    await session.authorize()
    world.forgetAccessTokens()
    expect((await session.fetch(world.resource)).status).toBe(200)
    expect(world.sent('GET', world.metadataUrl)).toHaveLength(2)
    expect(world.sent('GET', world.serverMetadataUrl)).toHaveLength(2)
  })

  test('C-019 where that fails for the moment, what was checked before is good enough to refresh', async () => {
    const world = fakeWorld()
    const session = attendedSessionIn(world, approve(world))
    await session.authorize()
    world.forgetAccessTokens()
    world.on('GET', world.metadataUrl, () => json({}, 500))
    expect((await session.fetch(world.resource)).status).toBe(200)
  })
})
