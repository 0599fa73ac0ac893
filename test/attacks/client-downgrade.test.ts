/**
 * Downgrades: by breaking or bending a document, somebody tries to get the client onto a weaker path.
 *
 * @see MCP 2026-07-28, security considerations, "Authorization Code Protection"
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { approve, attendedSessionIn, failureOf, sessionIn } from '../support/client.ts'
import { fakeWorld, json } from '../support/fake-authorization-server.ts'

const ROOT = 'https://mcp.example.com'
const missing = () => new Response(null, { status: 404 })

describe('C-036 to the MCP server as its own authorization server', () => {
  test('C-014 no metadata at all: nothing is asked at the MCP server’s origin but metadata', async () => {
    const world = fakeWorld({ hint: false })
    world.on('GET', world.metadataUrl, missing)
    world.on('GET', `${ROOT}/.well-known/oauth-authorization-server`, () =>
      json({
        issuer: ROOT,
        authorization_endpoint: `${ROOT}/authorize`,
        token_endpoint: `${ROOT}/token`,
        code_challenge_methods_supported: ['S256'],
      }),
    )
    expect((await failureOf(sessionIn(world).authorize())).code).toBe('resource_metadata_not_found')
    const asked = world.requests.map(({ url }) => url).filter((url) => url !== world.resource)
    expect(asked).toEqual([world.metadataUrl, `${ROOT}/.well-known/oauth-protected-resource`])
  })

  test('C-036 no server metadata: no guessed endpoints', async () => {
    const world = fakeWorld()
    world.on('GET', world.serverMetadataUrl, missing)
    expect((await failureOf(sessionIn(world).authorize())).code).toBe('server_metadata_not_found')
    expect(world.requests.some(({ url }) => /\/(register|authorize|token)$/.test(url))).toBe(false)
  })
})

describe('C-072 of PKCE', () => {
  test('C-072 a server that drops it from its metadata later is refused then', async () => {
    const world = fakeWorld()
    const session = attendedSessionIn(world, approve(world))
    await session.authorize()
    world.clock.now += 301
    world.on('GET', world.serverMetadataUrl, async (request, original) => {
      const { code_challenge_methods_supported: _gone, ...rest } = await (
        await world.usual('GET', world.serverMetadataUrl, request, original)
      ).json()
      return json(rest)
    })
    expect((await failureOf(session.authorize({ force: true }))).code).toBe('pkce_unsupported')
    expect(world.sent('GET', 'https://as.example.com/authorize')).toHaveLength(1)
  })

  test('C-071 an endpoint that brings its own code_challenge_method does not get it', async () => {
    const endpoint =
      'https://as.example.com/authorize?code_challenge_method=plain&code_challenge=known&response_type=token'
    const world = fakeWorld({ serverMetadata: { authorization_endpoint: endpoint } })
    await sessionIn(world).authorize()
    const { query } = world.sent('GET', 'https://as.example.com/authorize')[0] ?? {}
    expect(query?.getAll('code_challenge_method')).toEqual(['S256'])
    expect(query?.getAll('response_type')).toEqual(['code'])
    expect(query?.get('code_challenge')).not.toBe('known')
  })
})

describe('of the resource', () => {
  test('C-016 a server’s metadata for somebody else’s resource: no token for that one is obtained in its name', async () => {
    const evil = fakeWorld({ resource: 'https://evil.example/mcp', declaredResource: 'https://mcp.example.com/mcp' })
    const session = sessionIn(evil)
    expect((await failureOf(session.authorize())).code).toBe('resource_mismatch')
    expect(evil.sent('GET', 'https://as.example.com/authorize')).toEqual([])
  })

  test('C-069 a 401 that points to a broken document does not make the client forget the good one', async () => {
    const world = fakeWorld()
    const session = attendedSessionIn(world, approve(world))
    await session.authorize()
    world.forgetAccessTokens()
    world.on('GET', world.metadataUrl, () =>
      json({ resource: 'https://evil.example', authorization_servers: ['https://evil.example'] }),
    )
    expect((await failureOf(session.fetch(world.resource))).code).toBe('resource_mismatch')
    world.on('GET', world.metadataUrl)
    expect((await session.fetch(world.resource)).status).toBe(200)
  })
})
