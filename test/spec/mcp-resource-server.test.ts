/**
 * What a protected MCP server answers, with and without a token.
 *
 * @see MCP 2026-07-28, authorization: the resource server
 *
 * @standard MCP: Authorization, revisions 2025-11-25 and 2026-07-28
 * @status implemented
 * @does server, resource server and client: discovery from the challenge on, client ID metadata documents and registration, authorization with PKCE
 *   and `resource`, `iss`, step-up, issuer binding; the extensions for machine clients and for companies (enterprise-managed authorization),
 *   and the draft of one for workloads (SEP-1933)
 * @published https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { type Operation, protectResource } from '../../server/resource/index.ts'
import {
  admitted,
  bearerChallenge,
  createResourceFixture,
  ISSUER,
  RESOURCE,
  refused,
  toolCall,
} from '../support/resource-fixture.ts'
import { RESOURCE_CASES } from '../support/resource-suite.ts'

describe('the same suite as on other runtimes', () => {
  for (const { name, run } of RESOURCE_CASES) test(name, run)
})

describe('an authorization server that never answers', () => {
  test('is given up, and asked again by the next request after the pause', async () => {
    const fixture = await createResourceFixture({ timeout: 0.5, fetch: (url, init) => reach(url, init) })
    let hangs = true
    const reach: typeof fixture.issuer.fetch = (url, init) =>
      hangs ? new Promise(() => {}) : fixture.issuer.fetch(url, init)
    const post = async () => fixture.post(await fixture.issuer.sign({ scope: 'notes:read' }), toolCall('notes_list'))
    const gaveUp = refused(await post())
    expect([gaveUp.status, gaveUp.headers.get('retry-after')]).toEqual([503, '5'])
    hangs = false
    fixture.clock.now += 5
    admitted(await post())
  })
})

describe('scopes per tool', () => {
  test('a POST without a body is no way round reading one', async () => {
    const { issuer, send } = await createResourceFixture()
    const headers = { authorization: `Bearer ${await issuer.sign({ scope: 'notes:read' })}` }
    const response = refused(await send({ method: 'POST', headers }))
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('-32700')])
  })

  test('a request that a logger copied before is served whole', async () => {
    const { issuer, notes } = await createResourceFixture()
    const headers = { authorization: `Bearer ${await issuer.sign({ scope: 'notes:read' })}` }
    const body = JSON.stringify(toolCall('notes_list'))
    const logged = new Request(RESOURCE, { method: 'POST', headers, body })
    expect(await logged.clone().text()).toBe(body)
    const echo = notes.serve(async (request) => new Response(await request.text()))
    expect(await (await echo(new Request(logged))).text()).toBe(body)
  })

  test.each([
    ['RS-031 the very scope', 'notes:read', 'notes_list'],
    ['RS-031 a broader scope', 'notes:write', 'notes_list'],
    ['RS-031 a broader scope, two steps up', 'notes:admin', 'notes_list'],
    ['a tool that needs none', '', 'whoami'],
    ['a tool that nobody knows: the MCP server says so', '', 'constructor'],
  ])('passes with %s', async (_, scope, tool) => {
    const { issuer, post } = await createResourceFixture()
    admitted(await post(await issuer.sign({ scope }), toolCall(tool)))
  })

  test.each([
    ['notes:read', 'notes_add', 'notes:write'],
    ['notes:write', 'notes_clear', 'notes:admin'],
    ['', 'notes_list', 'notes:read'],
  ])('RS-021 RS-028 %s is not enough for %s: 403 naming %s', async (scope, tool, needed) => {
    const { events, issuer, post } = await createResourceFixture()
    const response = refused(await post(await issuer.sign({ scope }), toolCall(tool)))
    expect(response.status).toBe(403)
    expect(bearerChallenge(response)['scope']).toBe(needed)
    expect(events).toEqual([{ type: 'refused', reason: 'insufficient_scope', status: 403 }])
  })

  test('RS-029 a batch is challenged once, for all that it needs', async () => {
    const { issuer, post } = await createResourceFixture()
    const batch = [toolCall('notes_list'), toolCall('notes_clear'), { jsonrpc: '2.0', method: 'ping', id: 3 }]
    const response = refused(await post(await issuer.sign(), batch))
    expect(bearerChallenge(response)['scope']).toBe('notes:read notes:admin')
  })

  test('RS-029 a function decides by the operation, arguments included', async () => {
    const asked: Operation[] = []
    const { issuer, post } = await createResourceFixture({
      toolScopes: (operation) => {
        asked.push(operation)
        const { arguments: args } = operation.params
        return JSON.stringify(args) === '{"secret":true}' ? ['notes:read', 'notes:secret'] : []
      },
    })
    admitted(await post(await issuer.sign(), toolCall('notes_list')))
    const response = refused(await post(await issuer.sign(), toolCall('notes_list', { secret: true })))
    expect(bearerChallenge(response)['scope']).toBe('notes:read notes:secret')
    expect(asked).toMatchObject([
      { method: 'tools/call', tool: 'notes_list' },
      { method: 'tools/call', tool: 'notes_list' },
    ])
  })

  test('RS-034 an invalid token is told before anything of the message', async () => {
    const { issuer, post } = await createResourceFixture()
    const token = await issuer.sign({ aud: 'https://other.example' })
    expect(refused(await post(token, toolCall('notes_clear'))).status).toBe(401)
    expect(refused(await post(token, 'no JSON')).status).toBe(401)
  })

  test('messages that run no tool need no scope', async () => {
    const { issuer, post } = await createResourceFixture()
    const token = await issuer.sign({ scope: '' })
    for (const message of [
      { jsonrpc: '2.0', id: 1, method: 'initialize', params: {} },
      { jsonrpc: '2.0', id: 1, method: 'server/discover' },
      { jsonrpc: '2.0', method: 'notifications/initialized' },
      { jsonrpc: '2.0', id: 1, result: { method: 'tools/call' } },
      [],
    ])
      admitted(await post(token, message))
  })

  test('without scopes per tool the body is not read', async () => {
    const { issuer, post } = await createResourceFixture({ toolScopes: undefined, maxBodyBytes: 1 })
    admitted(await post(await issuer.sign({ scope: '' }), 'no JSON'))
  })
})

describe('RS-033 the Origin header', () => {
  test.each([
    ['none', undefined],
    ['its own', 'https://mcp.example'],
    ['a listed one', 'https://host.example'],
    ['a developer’s', 'http://localhost:6274'],
    ['a developer’s address', 'http://127.0.0.1:6274'],
  ])('%s passes', async (_, origin) => {
    const { issuer, send } = await createResourceFixture({ allowedOrigins: ['https://host.example'] })
    const authorization = `Bearer ${await issuer.sign()}`
    admitted(await send({ headers: origin === undefined ? { authorization } : { authorization, origin } }))
  })

  test.each([
    'https://evil.example',
    'null',
    'https://mcp.example.evil.example',
    'http://mcp.example',
    'https://mcp.example:8443',
    'https://mcp.example/',
    'http://localhost:6274/',
    'http://evil@localhost:6274',
    'http://localhost.evil.example',
    'file://',
    'not an origin',
  ])('%s gets 403, which does not speak of scope', async (origin) => {
    const { events, issuer, send } = await createResourceFixture()
    const authorization = `Bearer ${await issuer.sign()}`
    for (const init of [
      { headers: { authorization, origin } },
      { headers: { origin } },
      { method: 'OPTIONS', headers: { origin } },
    ]) {
      const response = refused(await send(init))
      expect(response.status).toBe(403)
      expect(response.headers.has('www-authenticate')).toBe(false)
      expect(await response.text()).not.toContain('insufficient_scope')
    }
    expect(events[0]).toEqual({ type: 'refused', reason: 'origin_not_allowed', status: 403 })
  })

  test('any origin passes where that is said', async () => {
    const { send } = await createResourceFixture({ allowedOrigins: ['*'] })
    expect(refused(await send({ headers: { origin: 'https://anything.example' } })).status).toBe(401)
  })
})

describe('serve', () => {
  test('the handler gets the request as it came, body unread, and the caller', async () => {
    const { issuer, notes } = await createResourceFixture()
    const body = JSON.stringify(toolCall('notes_list', { text: 'ä\u0000' }))
    const headers = { authorization: `Bearer ${await issuer.sign()}`, 'content-type': 'application/json', 'x-a': '1' }
    const fetch = notes.serve(async (request, { extra }) =>
      Response.json([request.method, request.url, request.headers.get('x-a'), await request.text(), extra.sub]),
    )
    const response = await fetch(new Request(`${RESOURCE}?q=1`, { method: 'POST', headers, body }))
    expect(await response.json()).toEqual(['POST', `${RESOURCE}?q=1`, '1', body, 'alice'])
  })

  test('RS-010 its answers can be read by web pages, and keep their own headers', async () => {
    const { issuer, notes } = await createResourceFixture()
    const fetch = notes.serve(
      () =>
        new Response('x', { status: 202, headers: { 'x-b': '2', 'access-control-allow-origin': 'https://a.example' } }),
    )
    const response = await fetch(new Request(RESOURCE, { headers: { authorization: `Bearer ${await issuer.sign()}` } }))
    expect(response.status).toBe(202)
    expect(response.headers.get('x-b')).toBe('2')
    expect(response.headers.get('access-control-allow-origin')).toBe('https://a.example')
    expect(response.headers.get('access-control-expose-headers')).toContain('WWW-Authenticate')
  })

  test('RS-040 the handler does not run for a request that may not pass', async () => {
    const { issuer, notes } = await createResourceFixture()
    const fetch = notes.serve(() => {
      throw new Error('served')
    })
    expect((await fetch(new Request(RESOURCE))).status).toBe(401)
    const headers = { authorization: `Bearer ${await issuer.sign()}` }
    const request = new Request(RESOURCE, { method: 'POST', headers, body: JSON.stringify(toolCall('notes_clear')) })
    expect((await fetch(request)).status).toBe(403)
  })

  test('RS-040 every path is guarded but the well-known ones, whatever the router let through', async () => {
    const { issuer, notes } = await createResourceFixture()
    const fetch = notes.serve(() => new Response('served'))
    const headers = { authorization: `Bearer ${await issuer.sign()}` }
    for (const path of ['/', '/mcp/', '/mcp/other', '/other', '/.well-known', '/a/.well-known/x'])
      expect((await fetch(new Request(`https://mcp.example${path}`))).status).toBe(401)
    for (const path of ['/.well-known/x', '/.well-known/oauth-protected-resource/mcp/', '/mcp/.well-known/x'])
      expect((await fetch(new Request(`https://mcp.example${path}`, { headers }))).status).toBe(404)
  })
})

describe('where the keys come from', () => {
  test('RFC 8414 section 3.1 an issuer with a path is found at all three places, in order', async () => {
    const issuer = 'https://auth.example/t1'
    const requests: string[] = []
    const notes = protectResource({
      resource: RESOURCE,
      authorizationServers: [issuer],
      fetch: async (url) => {
        requests.push(url)
        return new Response(null, { status: 404 })
      },
    })
    const relayed = new Request('https://mcp.example/.well-known/oauth-authorization-server')
    expect(refused(await notes.handle(relayed)).status).toBe(404)
    expect(requests).toEqual([
      'https://auth.example/.well-known/oauth-authorization-server/t1',
      'https://auth.example/.well-known/openid-configuration/t1',
      'https://auth.example/t1/.well-known/openid-configuration',
    ])
  })

  test('a configured jwksUri needs no metadata', async () => {
    const { issuer, send } = await createResourceFixture({ jwksUri: `${ISSUER}/keys` })
    admitted(await send({ headers: { authorization: `Bearer ${await issuer.sign()}` } }))
    expect(issuer.requests).toEqual([`${ISSUER}/keys`])
  })
})
