/**
 * The authorization request that the client makes.
 *
 * @see OAuth 2.1 section 4.1.1 (draft-ietf-oauth-v2-1-16)
 * @see RFC 8707 section 2
 * @see MCP 2026-07-28, authorization, "Scope Selection"
 *
 * @standard OAuth 2.1: The OAuth 2.1 Authorization Framework (draft 16)
 * @status implemented
 * @does authorization code and refresh token grants, PKCE for everyone, exact redirect URIs, rotation with revocation of the family
 * @published https://datatracker.ietf.org/doc/html/draft-ietf-oauth-v2-1-16
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { createSession, type SessionOptions } from '../../client/index.ts'
import { s256 } from '../../shared/pkce.ts'
import { approve, attendedSessionIn, failureOf, sessionIn } from '../support/client.ts'
import { type FakeOptions, type FakeWorld, fakeWorld, json } from '../support/fake-authorization-server.ts'

const AUTHORIZE = 'https://as.example.com/authorize'
const TOKEN = 'https://as.example.com/token'

async function authorized(fake: FakeOptions = {}, options: SessionOptions = {}) {
  const world = fakeWorld(fake)
  await sessionIn(world, options).authorize()
  return { world, query: queryOf(world), token: world.sent('POST', TOKEN)[0]?.form ?? new URLSearchParams() }
}
const queryOf = (world: FakeWorld): URLSearchParams =>
  world.sent('GET', AUTHORIZE).at(-1)?.query ?? new URLSearchParams()

describe('section 4.1.1 PKCE', () => {
  test('C-070 C-071 C-073 S256, from a verifier of 43 unreserved characters', async () => {
    const { query, token } = await authorized()
    expect(query.get('code_challenge_method')).toBe('S256')
    expect(query.get('response_type')).toBe('code')
    expect(token.get('code_verifier')).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(await s256(token.get('code_verifier') ?? '')).toBe(query.get('code_challenge') ?? '')
  })

  test('C-073 C-083 verifier and state are new for every request, also after an error', async () => {
    const world = fakeWorld()
    let failures = 1
    world.on('GET', AUTHORIZE, (request, original) => {
      failures -= 1
      if (failures < 0) return world.usual('GET', AUTHORIZE, request, original)
      const callback = `${request.query.get('redirect_uri')}?error=server_error&iss=${world.issuer}&state=${request.query.get('state')}`
      return new Response(null, { status: 302, headers: { location: callback } })
    })
    const session = sessionIn(world)
    expect((await failureOf(session.authorize())).code).toBe('authorization_failed')
    await session.authorize()
    await session.authorize({ force: true })
    const sent = world.sent('GET', AUTHORIZE)
    expect(new Set(sent.map(({ query }) => query.get('state'))).size).toBe(3)
    expect(new Set(sent.map(({ query }) => query.get('code_challenge'))).size).toBe(3)
    expect(sent[0]?.query.get('state')).toMatch(/^[A-Za-z0-9_-]{43}$/)
  })
})

describe('C-074 resource', () => {
  test('C-074 C-075 C-107 in the authorization request, the code exchange and the refresh', async () => {
    const { world } = await authorized({ expiresIn: 100 })
    const session = sessionIn(world)
    await session.authorize()
    world.clock.now += 90
    await session.fetch(world.resource)
    expect(queryOf(world).getAll('resource')).toEqual([world.resource])
    const tokens = world.sent('POST', TOKEN)
    expect(tokens.map(({ form }) => form.get('grant_type'))).toContain('refresh_token')
    for (const { form } of tokens) expect(form.getAll('resource')).toEqual([world.resource])
  })

  const written: readonly [string | URL, string][] = [
    ['https://mcp.example.com', 'https://mcp.example.com'],
    [new URL('https://mcp.example.com'), 'https://mcp.example.com'],
    ['https://mcp.example.com/', 'https://mcp.example.com/'],
    ['HTTPS://MCP.Example.com/Mcp', 'https://mcp.example.com/Mcp'],
    ['https://mcp.example.com:8443/server/mcp?x=%41', 'https://mcp.example.com:8443/server/mcp?x=%41'],
    [new URL('http://localhost:9100/mcp'), 'http://localhost:9100/mcp'],
  ]
  test.each(written)('C-076 %s is %s', (input, expected) => expect(createSession(input).resource).toBe(expected))

  test.each([
    'mcp.example.com',
    'https://mcp.example.com/#x',
    'http://mcp.example.com',
    'stdio:server',
    'https://u@mcp.example.com',
    '',
  ])('C-002 C-003 C-004 C-076 %p is no resource of this framework', (input) =>
    expect(() => createSession(input)).toThrow('configuration'),
  )

  test('C-077 byte for byte as the metadata has it', async () => {
    const { query } = await authorized({
      resource: 'https://mcp.example.com',
      declaredResource: 'https://mcp.example.com/',
    })
    expect(query.get('resource')).toBe('https://mcp.example.com/')
  })

  test('C-077 overridden or left out where a server cannot do otherwise', async () => {
    const overridden = await authorized({}, { compat: { resourceParameter: 'urn:x' } })
    expect([overridden.query.get('resource'), overridden.token.get('resource')]).toEqual(['urn:x', 'urn:x'])
    const omitted = await authorized({}, { compat: { resourceParameter: 'omit' } })
    expect([omitted.query.has('resource'), omitted.token.has('resource')]).toEqual([false, false])
  })
})

describe('C-078 scope selection', () => {
  const listed = { resourceMetadata: { scopes_supported: ['a', 'b'] } }
  const cases: readonly [string, FakeOptions, SessionOptions, string | null][] = [
    ['C-078 C-081 the challenge', { challengeScope: 'x y', ...listed }, { scope: 'z' }, 'x y'],
    ['C-078 the option', listed, { scope: 'z' }, 'z'],
    ['C-078 all of the metadata', listed, {}, 'a b'],
    ['C-078 none', {}, {}, null],
    ['C-079 C-080 a challenge that the metadata does not list', { challengeScope: 'q', ...listed }, {}, 'q'],
  ]
  test.each(cases)('%s', async (_name, fake, options, expected) => {
    const { query } = await authorized(fake, options)
    expect(query.get('scope')).toBe(expected)
  })

  test('C-079 scopes that a call names are enough', async () => {
    const world = fakeWorld(listed)
    await sessionIn(world).authorize({ scope: ['z'] })
    expect(queryOf(world).get('scope')).toBe('z')
  })
})

describe('C-082 offline_access', () => {
  const offering = { serverMetadata: { scopes_supported: ['offline_access', 'a'] } }
  test('C-082 is added where the server lists it, with prompt=consent', async () => {
    const { query } = await authorized({ challengeScope: 'a', ...offering })
    expect(query.get('scope')).toBe('a offline_access')
    expect(query.get('prompt')).toBe('consent')
  })
  test('C-082 is not added, nor sent, where the server does not list it', async () => {
    const { query } = await authorized({ challengeScope: 'a offline_access' })
    expect(query.get('scope')).toBe('a')
    expect(query.has('prompt')).toBe(false)
  })
  test('C-082 does not turn "no scope" into a scope', async () => {
    const { query } = await authorized(offering)
    expect(query.has('scope')).toBe(false)
  })
})

describe('redirect URI and endpoint', () => {
  const none = [
    'http://app.example.com/cb',
    'http://127.0.0.1.example.com/cb',
    'https://app.example.com/cb#x',
    'https:app.example.com/cb',
    'cb',
    '',
    'mailto:somebody@example.com',
    'javascript:alert(1)',
    'javascript:/*x*/alert(1)',
    'javascript://app.example.com/%0aalert(1)',
    'JavaScript:/alert(1)',
    'java\nscript:/alert(1)',
    'data:/text/html,x',
    'file:///etc/passwd',
    'vbscript:/x',
    'blob:/x',
    'ws://127.0.0.1/cb',
    'com.example.app:callback',
  ]
  test.each(none)('C-085 %j is no redirect URI: nothing is sent', async (redirectUri) => {
    const world = fakeWorld()
    const { code, message } = await failureOf(sessionIn(world).begin({ redirectUri }))
    expect({ code, message }).toEqual({
      code: 'configuration',
      message: 'configuration: redirectUri is https, or http on loopback, or of a private-use scheme',
    })
    expect(world.requests).toEqual([])
  })

  test.each([
    'https://app.example.com/cb',
    'http://127.0.0.1:5000/cb',
    'http://[::1]/cb',
    'http://localhost/cb',
    'com.example.app:/callback',
    'cursor://anysphere.cursor-mcp/oauth/callback',
  ])('RFC 8252 section 7 %s is one', async (redirectUri) => {
    const { url } = await sessionIn(fakeWorld()).begin({ redirectUri })
    expect(new URL(url).searchParams.get('redirect_uri')).toBe(redirectUri)
  })

  test('C-085 an interaction that names another is ended before anything is registered', async () => {
    const world = fakeWorld()
    let closed = 0
    const open = async (): Promise<never> => expect.unreachable()
    const close = async (): Promise<void> => {
      closed += 1
    }
    const interaction = { name: 'odd', prepare: async () => ({ redirectUri: 'data:/x', open, close }) }
    expect((await failureOf(sessionIn(world, { interaction }).authorize())).code).toBe('configuration')
    expect(world.sent('POST', 'https://as.example.com/register')).toEqual([])
    expect(closed).toBe(1)
  })

  test('section 3.1 a query of the endpoint stays, and cannot put in a second value', async () => {
    const world = fakeWorld({ serverMetadata: { authorization_endpoint: `${AUTHORIZE}?tenant=1&state=evil` } })
    const { url } = await sessionIn(world).begin({ redirectUri: 'https://app.example.com/cb' })
    const { searchParams } = new URL(url)
    expect(searchParams.get('tenant')).toBe('1')
    expect(searchParams.getAll('state')).toHaveLength(1)
    expect(searchParams.get('state')).not.toBe('evil')
  })

  test('C-088 the flow holds the issuer of the validated metadata before the browser leaves', async () => {
    const world = fakeWorld()
    const session = sessionIn(world)
    const flow = await session.begin({ redirectUri: 'https://app.example.com/cb' })
    expect(flow.issuer).toBe(world.issuer)
    // Later metadata that names another server's endpoint must not get this flow's code.
    world.on('GET', world.serverMetadataUrl, () =>
      json({
        issuer: world.issuer,
        authorization_endpoint: AUTHORIZE,
        token_endpoint: 'https://evil.example/token',
        code_challenge_methods_supported: ['S256'],
      }),
    )
    await session.complete(flow, await approve(world)(flow.url))
    expect(world.requests.some(({ url }) => url.startsWith('https://evil.example'))).toBe(false)
  })

  test('C-087 nothing but the interaction sees the authorization URL', async () => {
    const world = fakeWorld()
    const opened: string[] = []
    const session = attendedSessionIn(world, (url) => {
      opened.push(url)
      expect(world.sent('GET', AUTHORIZE)).toHaveLength(0)
      return approve(world)(url)
    })
    await session.authorize()
    expect(opened).toHaveLength(1)
  })

  test('a flow is plain JSON without secrets', async () => {
    const world = fakeWorld()
    const session = sessionIn(world)
    const flow = await session.begin({ redirectUri: 'https://app.example.com/cb', scope: 'a' })
    expect(JSON.parse(JSON.stringify(flow))).toEqual(flow)
    expect(flow).toMatchObject({ redirectUri: 'https://app.example.com/cb', resource: world.resource, scope: ['a'] })
    expect(flow.expiresAt).toBe(world.clock.now + 600)
    await session.complete(flow, await approve(world)(flow.url))
    const verifier = world.sent('POST', TOKEN)[0]?.form.get('code_verifier') ?? 'none'
    expect(JSON.stringify(flow)).not.toContain(verifier)
  })
})
