/**
 * What a protected resource says of itself, and where.
 *
 * @see RFC 9728 sections 2, 3 and 5
 *
 * @standard RFC 9728: Protected Resource Metadata
 * @status implemented
 * @does served by the resource module, read by the client
 * @missing signed metadata (section 2.2)
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { protectResource } from '../../server/resource/index.ts'
import { DPOP_ALGORITHMS } from '../../shared/dpop/public-key.ts'
import { createResourceFixture, ISSUER, METADATA_URL, RESOURCE, refused } from '../support/resource-fixture.ts'

const ROOT = 'https://mcp.example/.well-known/oauth-protected-resource'
const RELAYED = [
  'https://mcp.example/.well-known/oauth-authorization-server',
  'https://mcp.example/.well-known/oauth-authorization-server/mcp',
  'https://mcp.example/.well-known/openid-configuration',
  'https://mcp.example/.well-known/openid-configuration/mcp',
  'https://mcp.example/mcp/.well-known/openid-configuration',
]

describe('RFC 9728, the document', () => {
  test('RS-001 RS-003 section 3.1 it is served at the path-inserted and at the root URL', async () => {
    const { send } = await createResourceFixture()
    for (const url of [METADATA_URL, ROOT]) {
      const response = refused(await send({}, url))
      expect(response.status).toBe(200)
      expect(await response.json()).toMatchObject({ resource: RESOURCE })
    }
  })

  test('RS-002 RS-004 RS-009 resource and authorization_servers are published byte for byte', async () => {
    const resource = 'https://MCP.example:443/a%2Fb/mcp'
    const notes = protectResource({
      resource,
      authorizationServers: ['https://auth.example/', 'https://other.example/t'],
    })
    const response = refused(
      await notes.handle(new Request('https://mcp.example/.well-known/oauth-protected-resource/a%2Fb/mcp')),
    )
    expect(await response.json()).toEqual({
      resource,
      authorization_servers: ['https://auth.example/', 'https://other.example/t'],
      bearer_methods_supported: ['header'],
      dpop_signing_alg_values_supported: [...DPOP_ALGORITHMS],
    })
  })

  test('RS-005 RS-008 members without a value are omitted, optional ones are published', async () => {
    const bare = await createResourceFixture({ scopes: [] })
    expect(Object.keys(bare.notes.metadata)).toEqual([
      'resource',
      'authorization_servers',
      'bearer_methods_supported',
      'dpop_signing_alg_values_supported',
    ])
    const full = await createResourceFixture({ resourceName: 'Notes', resourceDocumentation: 'https://docs.example' })
    expect(full.notes.metadata).toEqual({
      resource: RESOURCE,
      authorization_servers: [ISSUER],
      scopes_supported: ['notes:read', 'notes:write'],
      bearer_methods_supported: ['header'],
      dpop_signing_alg_values_supported: [...DPOP_ALGORITHMS],
      resource_name: 'Notes',
      resource_documentation: 'https://docs.example',
    })
  })

  test('RS-006 scopes_supported lists the scopes of ordinary use, not those of every tool', async () => {
    const { notes } = await createResourceFixture()
    expect(notes.metadata.scopes_supported).toEqual(['notes:read', 'notes:write'])
  })

  test('RS-005 RS-010 it is JSON, cacheable, and readable by web pages', async () => {
    const { send } = await createResourceFixture()
    const { headers } = refused(await send({}, METADATA_URL))
    expect(headers.get('content-type')).toBe('application/json')
    expect(headers.get('cache-control')).toBe('public, max-age=300')
    expect(headers.get('access-control-allow-origin')).toBe('*')
    expect(headers.get('access-control-expose-headers')).toContain('WWW-Authenticate')
  })

  test('RS-010 a preflight is answered', async () => {
    const { send } = await createResourceFixture()
    const response = refused(
      await send({ method: 'OPTIONS', headers: { origin: 'https://page.example' } }, METADATA_URL),
    )
    expect(response.status).toBe(204)
    expect(response.headers.get('access-control-allow-methods')).toBe('GET, HEAD, OPTIONS')
    expect(response.headers.get('access-control-allow-headers')).toBe('*, Authorization')
  })

  test('HEAD answers like GET, without a body; other methods are not allowed', async () => {
    const { send } = await createResourceFixture()
    const head = refused(await send({ method: 'HEAD' }, METADATA_URL))
    expect([head.status, head.headers.get('content-type'), await head.text()]).toEqual([200, 'application/json', ''])
    const post = refused(await send({ method: 'POST', body: '{}' }, METADATA_URL))
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS'])
  })

  test('the root document can be switched off', async () => {
    const { notes, send } = await createResourceFixture({ rootMetadata: false })
    expect(refused(await send({}, ROOT)).status).toBe(404)
    expect(refused(await send({}, METADATA_URL)).status).toBe(200)
    expect(notes.owns(new Request(ROOT))).toBe(false)
  })
})

describe('RFC 9728, well-known paths', () => {
  test('RS-011 none is ever answered with 401 or HTML, documents there or not', async () => {
    const { notes, send } = await createResourceFixture()
    const unknown = [
      'https://mcp.example/.well-known/oauth-protected-resource/other',
      'https://mcp.example/.well-known/oauth-protected-resource/mcp/',
      'https://mcp.example/.well-known/anything',
      'https://mcp.example/mcp/.well-known/oauth-protected-resource',
    ]
    for (const url of unknown) {
      for (const method of ['GET', 'HEAD']) {
        const response = refused(await send({ method }, url))
        expect([url, response.status, response.headers.get('content-type')]).toEqual([url, 404, 'application/json'])
      }
    }
    for (const route of notes.routes.slice(1)) {
      const response = refused(await send({}, `https://mcp.example${route}`))
      expect([200, 404]).toContain(response.status)
    }
  })

  test('RS-011 a token, even a bad one, changes nothing there', async () => {
    const { send } = await createResourceFixture()
    const response = refused(await send({ headers: { authorization: 'Bearer a b' } }, METADATA_URL))
    expect(response.status).toBe(200)
  })

  test('the authorization server metadata is relayed wherever a host may look', async () => {
    const { issuer, send } = await createResourceFixture()
    for (const url of RELAYED) {
      const response = refused(await send({}, url))
      expect([url, response.status]).toEqual([url, 200])
      expect(await response.json()).toEqual(issuer.metadata)
    }
    // Once for all of them.
    expect(issuer.requests).toEqual([`${ISSUER}/.well-known/oauth-authorization-server`])
  })

  test('the relay can be switched off, and then claims nothing', async () => {
    const { notes, send } = await createResourceFixture({ relayAuthorizationServerMetadata: false })
    for (const url of RELAYED) expect(refused(await send({}, url)).status).toBe(404)
    expect(notes.routes).toEqual([
      '/mcp',
      '/.well-known/oauth-protected-resource/mcp',
      '/.well-known/oauth-protected-resource',
      '/mcp/.well-known/*',
    ])
  })

  test('trouble with the authorization server is 503 with Retry-After, its absence 404', async () => {
    const down = await createResourceFixture()
    const url = `${ISSUER}/.well-known/oauth-authorization-server`
    down.issuer.answer(url, () => new Response('oops', { status: 500 }))
    const response = refused(await down.send({}, RELAYED[0]))
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5'])

    const none = await createResourceFixture()
    none.issuer.answer(url, () => new Response(null, { status: 404 }))
    expect(refused(await none.send({}, RELAYED[0])).status).toBe(404)
  })

  test('RFC 8414 section 3.3 a document that names another issuer is not relayed', async () => {
    const { events, issuer, send } = await createResourceFixture()
    issuer.metadata['issuer'] = `${ISSUER}/`
    expect(refused(await send({}, RELAYED[0])).status).toBe(503)
    expect(events).toEqual([expect.objectContaining({ type: 'authorization_server_trouble', issuer: ISSUER })])
  })

  test('paths of an authorization server on the same origin are left to it', () => {
    const notes = protectResource({
      resource: 'http://localhost:9100/mcp',
      authorizationServers: ['http://localhost:9100'],
    })
    const owns = (path: string): boolean => notes.owns(new Request(`http://localhost:9100${path}`))
    expect(owns('/.well-known/oauth-authorization-server')).toBe(false)
    expect(owns('/.well-known/openid-configuration')).toBe(false)
    expect(owns('/.well-known/jwks.json')).toBe(false)
    expect(owns('/oauth/token')).toBe(false)
    expect(owns('/mcp/other')).toBe(false)
    expect(owns('/mcp')).toBe(true)
    expect(owns('/.well-known/oauth-protected-resource')).toBe(true)
    expect(owns('/.well-known/oauth-authorization-server/mcp')).toBe(true)
    expect(owns('/mcp/.well-known/openid-configuration')).toBe(true)
  })

  test('a resource without a path claims its documents only, not all of /.well-known/', () => {
    const notes = protectResource({ resource: 'https://mcp.example', authorizationServers: [ISSUER] })
    expect(notes.routes).toEqual([
      '/',
      '/.well-known/oauth-protected-resource',
      '/.well-known/oauth-authorization-server',
      '/.well-known/openid-configuration',
    ])
    expect(notes.owns(new Request('https://mcp.example/.well-known/jwks.json'))).toBe(false)
  })
})

describe('RFC 9728, settings that cannot be right stop the start', () => {
  const cases: readonly [string, Record<string, unknown>, string][] = [
    ['RS-004 a fragment', { resource: 'https://mcp.example/mcp#x' }, 'resource must be'],
    ['RS-004 plain http', { resource: 'http://mcp.example/mcp' }, 'resource must be'],
    ['RS-002 no issuer', { authorizationServers: [] }, 'at least one issuer'],
    ['an issuer with a query', { authorizationServers: ['https://auth.example/?t=1'] }, 'authorizationServers must be'],
    ['a plain http issuer', { authorizationServers: ['http://auth.example'] }, 'authorizationServers must be'],
    ['RS-007 offline_access as a scope', { scopes: ['offline_access'] }, 'offline_access'],
    ['RS-032 a scope with a quote', { toolScopes: { x: ['a"b'] } }, 'not a scope token'],
    ['RS-047 a symmetric algorithm', { algorithms: ['ES256', 'HS256'] }, 'algorithms must be among'],
    ['RS-047 no algorithm', { algorithms: [] }, 'algorithms must be among'],
    [
      'one key set for two issuers',
      { authorizationServers: [ISSUER, 'https://b.example'], jwksUri: 'https://k.example' },
      'jwksUri',
    ],
    ['a key set over http', { jwksUri: 'http://keys.example' }, 'jwksUri must be'],
  ]
  test.each(cases)('%s', (_, options, message) => {
    const build = () => protectResource({ resource: RESOURCE, authorizationServers: [ISSUER], ...options })
    expect(build).toThrow(message)
  })
})
