/**
 * Servers of MCP's first authorization specification: the origin is the authorization server, only where the host says so.
 *
 * @see MCP 2025-03-26, authorization, "Server Metadata Discovery" and "Fallbacks for Servers without Metadata Discovery"
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { failureOf, sessionIn } from '../support/client.ts'
import { fakeWorld, json } from '../support/fake-authorization-server.ts'

const ORIGIN = 'https://mcp.example.com'
const SERVER_METADATA = `${ORIGIN}/.well-known/oauth-authorization-server`
const compat = { authorizeAtOrigin: true }
const missing = () => new Response(null, { status: 404 })

/** A resource that is its own authorization server and publishes nothing about itself. */
function oldWorld() {
  const world = fakeWorld({ resource: `${ORIGIN}/mcp`, issuer: ORIGIN, hint: false })
  world.on('GET', world.metadataUrl, missing)
  return world
}

describe('MCP 2025-03-26', () => {
  test('without metadata of the resource the metadata of its origin is read', async () => {
    const world = oldWorld()
    expect(await sessionIn(world, { compat }).authorize()).toMatchObject({ issuer: ORIGIN, resource: world.resource })
    expect(world.sent('GET', SERVER_METADATA)).toHaveLength(1)
  })

  test('without that too: `/authorize`, `/token` and `/register` at the origin, with PKCE', async () => {
    const world = oldWorld()
    world.on('GET', SERVER_METADATA, missing)
    const session = sessionIn(world, { compat })
    expect((await session.authorize()).issuer).toBe(ORIGIN)
    expect(world.sent('POST', `${ORIGIN}/register`)).toHaveLength(1)
    expect(world.sent('GET', `${ORIGIN}/authorize`)[0]?.query.get('code_challenge_method')).toBe('S256')
    expect((await session.fetch(world.resource, { method: 'POST', body: '{}' })).status).toBe(200)
  })

  test('it refreshes there, and looks for documents again before the next sign-in', async () => {
    const world = oldWorld()
    world.on('GET', SERVER_METADATA, missing)
    const session = sessionIn(world, { compat })
    await session.authorize()
    const looked = world.sent('GET', world.metadataUrl).length
    world.clock.now += 890
    expect((await session.fetch(world.resource, { method: 'POST', body: '{}' })).status).toBe(200)
    expect(world.sent('GET', world.metadataUrl)).toHaveLength(looked)
    await session.authorize({ force: true })
    expect(world.sent('GET', world.metadataUrl)).toHaveLength(looked + 1)
  })
})

describe('what was assumed is looked for again before the next sign-in', () => {
  test('the metadata of the resource, where its origin has some', async () => {
    const world = oldWorld()
    const session = sessionIn(world, { compat })
    await session.authorize()
    const looked = world.sent('GET', world.metadataUrl).length
    await session.authorize({ force: true })
    expect(world.sent('GET', world.metadataUrl)).toHaveLength(looked + 1)
  })

  test('the metadata of the origin, where the resource has some', async () => {
    const world = fakeWorld({ resource: `${ORIGIN}/mcp`, issuer: ORIGIN })
    world.on('GET', SERVER_METADATA, missing)
    const session = sessionIn(world, { compat })
    await session.authorize()
    const looked = world.sent('GET', SERVER_METADATA).length
    await session.authorize({ force: true })
    expect(world.sent('GET', SERVER_METADATA)).toHaveLength(looked + 1)
  })
})

describe('ADR 0169 it is a setting, and no way round what is there', () => {
  test('a host that does not set it gets an error', async () => {
    const world = oldWorld()
    expect((await failureOf(sessionIn(world).authorize())).code).toBe('resource_metadata_not_found')
    expect(world.sent('GET', SERVER_METADATA)).toHaveLength(0)
  })

  test.each([
    ['in trouble', () => json({}, 503), 'server_unavailable'],
    ['broken', () => json({ resource: 1 }), 'invalid_response'],
    [
      'of another resource',
      () => json({ resource: 'https://x.example', authorization_servers: [ORIGIN] }),
      'resource_mismatch',
    ],
  ] as const)('metadata of the resource that is %s is an error all the same', async (_, answer, code) => {
    const world = oldWorld()
    world.on('GET', world.metadataUrl, answer)
    expect((await failureOf(sessionIn(world, { compat }).authorize())).code).toBe(code)
    expect(world.sent('POST', `${ORIGIN}/register`)).toHaveLength(0)
  })

  test.each([
    ['in trouble', () => json({}, 500), 'server_unavailable'],
    [
      'of another issuer',
      () => json({ issuer: 'https://evil.example', token_endpoint: `${ORIGIN}/token` }),
      'issuer_mismatch',
    ],
    [
      'without PKCE',
      () => json({ issuer: ORIGIN, authorization_endpoint: `${ORIGIN}/authorize`, token_endpoint: `${ORIGIN}/token` }),
      'pkce_unsupported',
    ],
  ] as const)('metadata of the server that is %s is an error all the same', async (_, answer, code) => {
    const world = oldWorld()
    world.on('GET', SERVER_METADATA, answer)
    expect((await failureOf(sessionIn(world, { compat }).authorize())).code).toBe(code)
    expect(world.sent('POST', `${ORIGIN}/register`)).toHaveLength(0)
  })

  test('a resource that names its own origin gets no such endpoints either', async () => {
    const world = fakeWorld({ resource: `${ORIGIN}/mcp`, issuer: ORIGIN })
    world.on('GET', SERVER_METADATA, missing)
    expect((await failureOf(sessionIn(world).authorize())).code).toBe('server_metadata_not_found')
  })

  test('a server that the resource names has no such endpoints', async () => {
    const world = fakeWorld()
    world.on('GET', world.serverMetadataUrl, missing)
    expect((await failureOf(sessionIn(world, { compat }).authorize())).code).toBe('server_metadata_not_found')
  })
})
