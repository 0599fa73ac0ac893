import { afterAll, describe, expect, test } from 'bun:test'
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { createNotesServer, type NotesServerOptions } from '../../examples/demo-server/notes-server.ts'
import { DPOP_ALGORITHMS } from '../../shared/dpop/public-key.ts'
import { bearerChallenge, toolCall } from '../support/resource-fixture.ts'
import { createTokenIssuer } from '../support/token-issuer.ts'

const RESOURCE = 'http://localhost:9100/mcp'
const ISSUER = 'http://localhost:9100'
const NOW = 1_800_000_000
const CLIENT = { name: 'test', version: '1' }

const closing: (() => void)[] = []
afterAll(() => {
  for (const close of closing) close()
})

async function createDemo(options: Partial<NotesServerOptions> = {}) {
  const now = (): number => NOW
  const issuer = await createTokenIssuer({ issuer: ISSUER, audience: RESOURCE, now })
  const notes = createNotesServer({
    resource: RESOURCE,
    issuer: ISSUER,
    database: ':memory:',
    fetch: issuer.fetch,
    now,
    ...options,
  })
  closing.push(notes.close)
  const seen: string[] = []
  const respond = async (request: Request): Promise<Response> => {
    const response = (await notes.fetch(request)) ?? new Response('not found', { status: 404 })
    seen.push(`${request.method} ${response.status}`)
    return response
  }
  /** A `fetch` that carries a token for `sub`. */
  const as = (sub: string, scope: string) => async (url: string | URL | Request, init?: RequestInit) => {
    const request = new Request(url, init)
    request.headers.set('authorization', `Bearer ${await issuer.sign({ sub, scope })}`)
    return respond(request)
  }
  const call = async (sub: string, scope: string, message: unknown): Promise<Response> =>
    as(sub, scope)(RESOURCE, {
      method: 'POST',
      headers: { accept: 'application/json, text/event-stream', 'content-type': 'application/json' },
      body: JSON.stringify(message),
    })
  return { issuer, notes, seen, respond, as, call }
}

async function textOf(response: Response): Promise<string> {
  const message: { result: { content: { text: string }[] } } = await response.json()
  return message.result.content[0]?.text ?? ''
}

describe('the demo notes server', () => {
  test('RS-006 RS-024 challenge and metadata list the scopes of ordinary use', async () => {
    const { respond } = await createDemo()
    const challenged = await respond(new Request(RESOURCE, { method: 'POST', body: '{}' }))
    expect(bearerChallenge(challenged)).toEqual({
      scope: 'notes:read notes:write',
      resource_metadata: 'http://localhost:9100/.well-known/oauth-protected-resource/mcp',
    })
    const metadata = await respond(new Request('http://localhost:9100/.well-known/oauth-protected-resource/mcp'))
    expect(await metadata.json()).toEqual({
      resource: RESOURCE,
      authorization_servers: [ISSUER],
      scopes_supported: ['notes:read', 'notes:write'],
      bearer_methods_supported: ['header'],
      dpop_signing_alg_values_supported: [...DPOP_ALGORITHMS],
      resource_name: 'Sallyport demo notes',
    })
  })

  test('what is not its own it leaves to others', async () => {
    const { notes } = await createDemo()
    for (const path of [
      '/',
      '/oauth/token',
      '/.well-known/oauth-authorization-server',
      '/.well-known/jwks.json',
      '/mcp2',
    ])
      expect(await notes.fetch(new Request(`http://localhost:9100${path}`))).toBeNull()
  })

  test('RS-071 GET, HEAD and DELETE with a token are 405 with Allow', async () => {
    const { as } = await createDemo()
    for (const method of ['GET', 'HEAD', 'DELETE']) {
      const response = await as('alice', 'notes:read')(RESOURCE, { method })
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
    }
  })

  test('RS-033 a page from elsewhere gets 403, a listed one passes', async () => {
    const { respond } = await createDemo({ allowedOrigins: ['https://host.example'] })
    const from = (origin: string) => respond(new Request(RESOURCE, { headers: { origin } }))
    expect((await from('https://evil.example')).status).toBe(403)
    expect((await from('https://host.example')).status).toBe(401)
    expect((await from('http://localhost:6274')).status).toBe(401)
  })

  test('notes_list needs notes:read, notes_add notes:write, notes_clear notes:admin', async () => {
    const { call } = await createDemo()
    for (const [tool, needed, less] of [
      ['notes_list', 'notes:read', 'profile'],
      ['notes_add', 'notes:write', 'notes:read'],
      ['notes_clear', 'notes:admin', 'notes:read notes:write'],
    ] as const) {
      const refused = await call('alice', less, toolCall(tool, { text: 'x' }))
      expect([refused.status, bearerChallenge(refused)['scope']]).toEqual([403, needed])
      expect((await call('alice', needed, toolCall(tool, { text: 'x' }))).status).toBe(200)
    }
    expect(JSON.parse(await textOf(await call('alice', '', toolCall('whoami'))))).toEqual({
      user: 'alice',
      client: 'client-1',
      scopes: [],
    })
  })

  test('RS-030 a challenge names what the operation needs, whoever asks, and never all that there is', async () => {
    const { call } = await createDemo()
    for (const [tool, needed] of [
      ['notes_list', 'notes:read'],
      ['notes_add', 'notes:write'],
      ['notes_clear', 'notes:admin'],
    ] as const) {
      const challenges = ['', 'profile', 'profile email'].map(async (scope) =>
        bearerChallenge(await call('alice', scope, toolCall(tool, { text: 'x' }))),
      )
      for (const challenge of await Promise.all(challenges)) {
        expect(challenge).toMatchObject({ error: 'insufficient_scope', scope: needed })
      }
    }
  })

  test('RS-052 state that a client brings back changes nothing: the person of the token counts', async () => {
    const { call } = await createDemo()
    await call('alice', 'notes:write', toolCall('notes_add', { text: 'of Alice' }))
    const state = Buffer.from(JSON.stringify({ sub: 'alice', scope: 'notes:admin', approved: true })).toString('base64')
    for (const requestState of ['', state, 'alice', '{"sub":"alice"}']) {
      const brought = (name: string) => {
        const params = { name, arguments: {}, requestState, inputResponses: { confirm: { action: 'accept' } } }
        return { jsonrpc: '2.0', id: 1, method: 'tools/call', params }
      }
      expect(await textOf(await call('mallory', 'notes:read', brought('notes_list')))).not.toContain('of Alice')
      expect((await call('mallory', 'notes:read', brought('notes_clear'))).status).toBe(403)
    }
  })

  test('RS-070 SEC-032 although it is local, nothing is answered without a token, and nothing to a page from elsewhere with one', async () => {
    const { respond, issuer } = await createDemo()
    const methods = [
      'initialize',
      'ping',
      'tools/list',
      'tools/call',
      'server/discover',
      'notifications/initialized',
      'x',
    ]
    const post = (method: string, headers: Record<string, string> = {}) =>
      respond(
        new Request(RESOURCE, { method: 'POST', headers, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method }) }),
      )
    for (const method of methods) expect([method, (await post(method)).status]).toEqual([method, 401])
    for (const method of ['GET', 'HEAD', 'DELETE', 'PUT']) {
      expect([method, (await respond(new Request(RESOURCE, { method }))).status]).toEqual([method, 401])
    }
    const authorization = `Bearer ${await issuer.sign({ sub: 'alice', scope: 'notes:read' })}`
    for (const origin of ['https://evil.example', 'http://evil.localhost.example', 'null']) {
      expect([origin, (await post('tools/list', { authorization, origin })).status]).toEqual([origin, 403])
    }
  })

  test('RS-049 RS-051 each user has their own notes', async () => {
    const { call } = await createDemo()
    await call('alice', 'notes:write', toolCall('notes_add', { text: 'of Alice' }))
    await call("bob' OR 1=1 --", 'notes:write', toolCall('notes_add', { text: 'of Bob' }))
    const list = async (sub: string) => JSON.parse(await textOf(await call(sub, 'notes:read', toolCall('notes_list'))))
    expect(await list('alice')).toEqual([{ id: 1, text: 'of Alice', createdAt: NOW }])
    expect(await textOf(await call('mallory', 'notes:admin', toolCall('notes_clear')))).toBe('{"deleted":0}')
    expect(await textOf(await call("bob' OR 1=1 --", 'notes:admin', toolCall('notes_clear')))).toBe('{"deleted":1}')
    expect(await list('alice')).toHaveLength(1)
    expect(await list("bob' OR 1=1 --")).toEqual([])
  })

  test.each([[{}], [{ text: '' }], [{ text: '   ' }], [{ text: 7 }], [{ text: 'x'.repeat(2001) }]])(
    'arguments that do not fit are refused: %j',
    async (args) => {
      const { call } = await createDemo()
      const response = await call('alice', 'notes:write', toolCall('notes_add', args))
      expect(await response.json()).toMatchObject({ error: { code: -32602 } })
    },
  )

  test('a revoked token is refused', async () => {
    const { call } = await createDemo({ isRevoked: async ({ sub }) => sub === 'mallory' })
    expect((await call('mallory', 'notes:read', toolCall('whoami'))).status).toBe(401)
    expect((await call('alice', 'notes:read', toolCall('whoami'))).status).toBe(200)
  })

  test('a body that is no JSON-RPC message is answered, not thrown', async () => {
    const { call } = await createDemo()
    for (const message of [{}, [], { jsonrpc: '2.0' }, { jsonrpc: '1.0', id: 1, method: 'ping' }])
      expect([200, 202, 400]).toContain((await call('alice', 'notes:read', message)).status)
  })
})

describe('official clients with a static bearer token', () => {
  test('@modelcontextprotocol/sdk 1.x lists and calls the tools', async () => {
    const { as } = await createDemo()
    const client = new ClientV1(CLIENT)
    await client.connect(new TransportV1(new URL(RESOURCE), { fetch: as('alice', 'notes:read notes:write') }))
    const { tools } = await client.listTools()
    expect(tools.map(({ name }) => name)).toEqual(['whoami', 'notes_list', 'notes_add', 'notes_clear'])
    await client.callTool({ name: 'notes_add', arguments: { text: 'buy milk' } })
    const listed = await client.callTool({ name: 'notes_list' })
    expect(JSON.stringify(listed)).toContain('buy milk')
    await expect(client.callTool({ name: 'notes_clear' })).rejects.toThrow('insufficient_scope')
    await client.close()
  })

  test.each(['legacy', 'auto'] as const)('@modelcontextprotocol/client 2.x, negotiation %s', async (mode) => {
    const { as, seen } = await createDemo()
    const client = new ClientV2(CLIENT, { versionNegotiation: { mode } })
    await client.connect(new TransportV2(new URL(RESOURCE), { fetch: as('alice', 'notes:admin') }))
    const { tools } = await client.listTools()
    expect(tools).toHaveLength(4)
    await client.callTool({ name: 'notes_add', arguments: { text: 'buy milk' } })
    expect(JSON.stringify(await client.callTool({ name: 'notes_clear' }))).toContain('deleted')
    expect(JSON.stringify(await client.callTool({ name: 'whoami' }))).toContain('alice')
    await client.close()
    expect(seen.filter((line) => !line.startsWith('GET')).every((line) => /POST 20[02]/.test(line))).toBe(true)
  })

  test('RS-072 server/discover is answered so that the client falls back to initialize', async () => {
    const { call } = await createDemo()
    const response = await call('alice', '', { jsonrpc: '2.0', id: 'probe-1', method: 'server/discover', params: {} })
    expect([response.status, await response.json()]).toEqual([
      200,
      { jsonrpc: '2.0', id: 'probe-1', error: { code: -32601, message: 'Method not found' } },
    ])
  })
})
