/**
 * Dynamic client registration.
 *
 * @see RFC 7591 section 2 and section 3
 * @see OpenID Connect Dynamic Client Registration 1.0 section 2
 *
 * @standard RFC 7591: Dynamic Client Registration
 * @status implemented
 * @does three modes: approved redirect URIs, open, administrators only; initial access tokens; software statements (section 2.3) are refused, not
 *   ignored; a registration that nobody uses ends after a day
 * @missing trusting any software statement
 * @standard OpenID Connect Dynamic Client Registration: Dynamic Client Registration 1.0
 * @status partly
 * @does `application_type` and its rules for redirect URIs
 * @missing what is for ID tokens and user info
 * @published https://openid.net/specs/openid-connect-registration-1_0.html
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { KNOWN_HOST_CALLBACKS } from '../../server/config/registration.ts'
import { hash } from '../../server/store/hash.ts'
import { createTestServer, REDIRECT_URI, type TestServer } from '../support/authorization-server.ts'
import { expectError } from '../support/oauth-error.ts'

const server = await createTestServer()
const open = await createTestServer({ registration: { mode: 'open' } })
afterAll(() => Promise.all([server.close(), open.close()]))

const send = (to: TestServer, body: string, contentType = 'application/json') =>
  to.fetch('/oauth/register', { method: 'POST', headers: { 'content-type': contentType }, body })
const register = (metadata: Record<string, unknown>, to = server) => send(to, JSON.stringify(metadata))
const registered = async (metadata: Record<string, unknown>, to = server) => {
  const response = await register(metadata, to)
  expect([response.status, response.headers.get('cache-control')]).toEqual([201, 'no-store'])
  return response.json()
}

describe('section 3.2.1 what is registered', () => {
  test('AS-039 is told, every member of it', async () => {
    const metadata = {
      client_name: 'Bücher & <b>Noten</b>',
      redirect_uris: [REDIRECT_URI, 'http://[::1]/cb', 'http://localhost:1234/cb?x=1'],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      application_type: 'native',
      scope: 'notes:read anything else',
      client_uri: 'https://app.example/',
      logo_uri: 'https://app.example/logo.png',
      tos_uri: 'https://app.example/tos',
      policy_uri: 'http://app.example/policy',
      contacts: ['ops@app.example'],
      software_id: '2e6dc280-f3c3-4e01-99a7-8181dbd1d23d',
      software_version: '0.15.1',
    }
    expect(await registered(metadata)).toEqual({
      ...metadata,
      client_id: expect.any(String),
      client_id_issued_at: server.clock.now,
    })
    expect(server.events.at(-1)).toMatchObject({ type: 'client_registered' })
  })

  test('AS-034 AS-070 ids are 128 random bits and no URLs', async () => {
    const ids = await Promise.all(
      Array.from({ length: 20 }, async () => (await registered({ redirect_uris: [REDIRECT_URI] })).client_id),
    )
    expect(new Set(ids).size).toBe(20)
    for (const id of ids) expect(id).toMatch(/^[\w-]{22}$/)
  })

  test('section 2 what is left out means its default', async () => {
    expect(await registered({ redirect_uris: [REDIRECT_URI] })).toEqual({
      client_id: expect.any(String),
      client_id_issued_at: server.clock.now,
      client_secret: expect.stringMatching(/^[\w-]{43}$/),
      client_secret_expires_at: 0,
      redirect_uris: [REDIRECT_URI],
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code'],
      response_types: ['code'],
      application_type: 'native',
    })
  })

  test.each(['client_secret_basic', 'client_secret_post'])(
    'AS-039 AS-070 %s comes with a secret of 256 bits, stored as a hash only',
    async (token_endpoint_auth_method) => {
      const client = await registered({ redirect_uris: [REDIRECT_URI], token_endpoint_auth_method })
      expect(client).toMatchObject({ token_endpoint_auth_method, client_secret_expires_at: 0 })
      expect(client.client_secret).toMatch(/^[\w-]{43}$/)
      const stored = await server.store.clients.find(client.client_id)
      expect(stored?.secrets).toEqual([{ hash: await hash(client.client_secret), expiresAt: 0 }])
      expect(JSON.stringify(stored)).not.toContain(client.client_secret)
    },
  )

  test('AS-074 a client that asks for none gets no secret', async () => {
    const client = await registered({ redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'none' })
    expect(client).not.toHaveProperty('client_secret')
    expect(client).not.toHaveProperty('client_secret_expires_at')
    expect((await server.store.clients.find(client.client_id))?.secrets).toEqual([])
  })

  test('what the client may not say of itself is not taken from it', async () => {
    const wishes = { client_id: 'admin', client_secret: 'chosen', client_id_issued_at: 1, client_secret_expires_at: 1 }
    const more = { id: 'admin', origin: 'administrator', scopeCeiling: [], scope_ceiling: [], secrets: ['x'] }
    const client = await registered({ redirect_uris: [REDIRECT_URI], ...wishes, ...more })
    expect(client.client_id).not.toBe('admin')
    expect(client.client_secret).not.toBe('chosen')
    expect(await server.store.clients.find(client.client_id)).toMatchObject({ origin: 'dynamic', scopeCeiling: null })
  })

  test('section 3.1 unknown members are ignored and not echoed', async () => {
    const extra = { jwks_uri: 'https://x.example', 'client_name#ja': 'x', nonsense: { deep: [1] } }
    const client = await registered({ redirect_uris: [REDIRECT_URI], ...extra })
    for (const name of Object.keys(extra)) expect(client).not.toHaveProperty(name)
  })

  const grantTypes: readonly [readonly string[], readonly string[], readonly string[]][] = [
    [['authorization_code', 'urn:x', 'refresh_token', 'implicit'], ['authorization_code', 'refresh_token'], ['code']],
    [['authorization_code', 'authorization_code'], ['authorization_code'], ['code']],
    [['refresh_token'], ['refresh_token'], []],
  ]
  test.each(grantTypes)(
    'unknown grant types are ignored: %p becomes %p, with response types %p',
    async (asked, got, responseTypes) => {
      const client = await registered({
        redirect_uris: [REDIRECT_URI],
        grant_types: asked,
        response_types: ['token', 'code'],
      })
      expect([client.grant_types, client.response_types]).toEqual([got, responseTypes])
    },
  )

  test('section 2.1 response types fit the grant types, whatever was asked for', async () => {
    const client = await registered({ redirect_uris: [REDIRECT_URI], response_types: ['token'] })
    expect(client.response_types).toEqual(['code'])
  })

  test('equal redirect URIs are registered once, in order', async () => {
    const uris = [REDIRECT_URI, 'http://127.0.0.1/b', REDIRECT_URI]
    expect((await registered({ redirect_uris: uris })).redirect_uris).toEqual(uris.slice(0, 2))
  })

  const types: readonly [string | undefined, string, string][] = [
    ['web', 'https://app.example/cb', 'web'],
    ['native', 'https://app.example/cb', 'native'],
    [undefined, 'https://app.example/cb', 'web'],
    [undefined, REDIRECT_URI, 'native'],
    [undefined, 'com.example.app:/cb', 'native'],
    ['web', REDIRECT_URI, 'web'],
  ]
  test.each(types)('AS-040 application_type %p at %s is %s', async (application_type, uri, expected) => {
    expect((await registered({ redirect_uris: [uri], application_type }, open)).application_type).toBe(expected)
  })
})

describe('section 3.2.2 what is refused', () => {
  const uris = [REDIRECT_URI]
  const refused: readonly [string, unknown, string][] = [
    ['no redirect URIs', {}, 'invalid_redirect_uri'],
    ['an empty list of redirect URIs', { redirect_uris: [] }, 'invalid_redirect_uri'],
    ['a redirect URI that is no list', { redirect_uris: REDIRECT_URI }, 'invalid_redirect_uri'],
    ['redirect URIs that are no strings', { redirect_uris: [1] }, 'invalid_redirect_uri'],
    ['a redirect URI that is null', { redirect_uris: null }, 'invalid_redirect_uri'],
    ['a redirect URI of 2049 characters', { redirect_uris: [REDIRECT_URI.padEnd(2049, 'x')] }, 'invalid_redirect_uri'],
    ['21 redirect URIs', { redirect_uris: Array(21).fill(REDIRECT_URI) }, 'invalid_redirect_uri'],
    [
      'one bad redirect URI among good ones',
      { redirect_uris: [...uris, 'javascript:alert(1)'] },
      'invalid_redirect_uri',
    ],
    [
      'an unknown auth method',
      { redirect_uris: uris, token_endpoint_auth_method: 'client_secret_jwt' },
      'invalid_client_metadata',
    ],
    [
      'an auth method that is no string',
      { redirect_uris: uris, token_endpoint_auth_method: 1 },
      'invalid_client_metadata',
    ],
    [
      'grant types that are no list',
      { redirect_uris: uris, grant_types: 'authorization_code' },
      'invalid_client_metadata',
    ],
    ['an unknown application_type', { redirect_uris: uris, application_type: 'browser' }, 'invalid_client_metadata'],
    ['a name that is no string', { redirect_uris: uris, client_name: { en: 'x' } }, 'invalid_client_metadata'],
    ['a name of 201 characters', { redirect_uris: uris, client_name: 'x'.repeat(201) }, 'invalid_client_metadata'],
    ['null', null, 'invalid_client_metadata'],
    ['a list, which has no redirect URIs', [], 'invalid_redirect_uri'],
    ['a string', 'x', 'invalid_client_metadata'],
  ]
  test.each(refused)('AS-039 %s', async (_, metadata, error) => {
    await expectError(await send(open, JSON.stringify(metadata)), 400, error)
  })

  const leftOut: readonly [string, Record<string, unknown>][] = [
    ['a script as client_uri', { client_uri: 'javascript:alert(1)' }],
    ['a script with a tab as logo_uri', { logo_uri: 'java\tscript:alert(1)' }],
    ['data as tos_uri', { tos_uri: 'data:text/html,x' }],
    ['a relative policy_uri', { policy_uri: '/policy' }],
    ['an empty client_uri', { client_uri: '' }],
    ['a logo_uri that is null', { logo_uri: null }],
    ['11 contacts', { contacts: Array(11).fill('x') }],
    ['a software_id that is no string', { software_id: 1 }],
  ]
  test.each(leftOut)('section 2 not refused, but left out: %s', async (_, metadata) => {
    const told = await registered({ redirect_uris: uris, ...metadata }, open)
    for (const name of Object.keys(metadata)) expect(told).not.toHaveProperty(name)
  })

  test('what is optional and null counts as left out', async () => {
    const names = [
      ...['client_name', 'token_endpoint_auth_method', 'grant_types', 'response_types', 'application_type', 'scope'],
      ...['jwks', 'jwks_uri', 'software_statement', 'contacts'],
    ]
    const nulls = Object.fromEntries(names.map((name) => [name, null]))
    const told = await registered({ redirect_uris: uris, ...nulls }, open)
    const { client_id: _, client_id_issued_at: __, client_secret: ___, ...rest } = told
    expect(rest).toEqual({
      redirect_uris: uris,
      token_endpoint_auth_method: 'client_secret_basic',
      client_secret_expires_at: 0,
      grant_types: ['authorization_code'],
      response_types: ['code'],
      application_type: 'native',
    })
  })

  test('section 2 without a grant type that is known, the client is told which one it has', async () => {
    for (const grant_types of [[], ['implicit'], ['urn:ietf:params:oauth:grant-type:device_code']]) {
      const { grant_types: told, response_types } = await registered({ redirect_uris: uris, grant_types }, open)
      expect([told, response_types]).toEqual([['authorization_code'], ['code']])
    }
  })

  test('no JSON, no body, no JSON type: invalid_request', async () => {
    const good = JSON.stringify({ redirect_uris: uris })
    for (const body of ['{', '', 'undefined', "{'a':1}", `${good}x`])
      await expectError(await send(server, body), 400, 'invalid_request')
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'text/json', '']) {
      await expectError(await send(server, good, type), 400, 'invalid_request')
    }
    expect((await send(server, good, 'application/json; charset=utf-8')).status).toBe(201)
  })

  test('it is audited', async () => {
    await register({ redirect_uris: ['https://evil.example/cb'] })
    expect(server.events.at(-1)).toEqual({ type: 'registration_rejected', reason: 'unapproved_redirect_uri' })
  })

  test.each(['GET', 'PUT', 'DELETE'])('section 3 MUST be POST: %s is 405', async (method) => {
    expect((await server.fetch('/oauth/register', { method })).status).toBe(405)
  })
})

describe('who may register what', async () => {
  const closed = await createTestServer({ registration: { mode: 'admin_only' } })
  const chosen = await createTestServer({
    registration: {
      approved_redirects: ['https://app.example/cb', 'https://app.example/each/*', 'com.example.app:/cb'],
    },
  })
  afterAll(() => Promise.all([closed.close(), chosen.close()]))

  const LOOPBACK = [
    'http://127.0.0.1/cb',
    'http://127.0.0.1:65535/',
    'http://[::1]:1/cb',
    'http://localhost:3118/callback',
  ]
  const sound = [
    'https://app.example/cb',
    'https://app.example:8443/cb?x=1',
    'com.example.app:/cb',
    'cursor://x.y/cb',
    'vscode://a/b',
  ]
  const never = [
    'http://app.example/cb',
    'http://127.0.0.1.evil.example/cb',
    'http://localhost.evil.example/cb',
    'http://0.0.0.0/cb',
    'http://192.168.0.1/cb',
    'https://app.example/cb#x',
    'https://app.example/cb#',
    'https://user@app.example/cb',
    'https://user:pass@app.example/cb',
    '/cb',
    'app.example/cb',
    '//app.example/cb',
    'cb',
    '',
  ]

  test.each(LOOPBACK)('AS-045 AS-046 by default anyone: %s', async (uri) => {
    expect((await register({ redirect_uris: [uri] })).status).toBe(201)
    expect((await register({ redirect_uris: [uri] }, chosen)).status).toBe(201)
  })

  test.each(KNOWN_HOST_CALLBACKS)('by default the known host at %s', async (pattern) => {
    const uri = pattern.replace(/\*$/, 'AbC-123_x')
    expect((await register({ redirect_uris: [uri] })).status).toBe(201)
    await expectError(await register({ redirect_uris: [`${uri}/x`] }), 400, 'invalid_redirect_uri')
    await expectError(await register({ redirect_uris: [uri] }, chosen), 400, 'invalid_redirect_uri')
  })

  test.each(sound)('by default nobody else: %s', async (uri) => {
    await expectError(await register({ redirect_uris: [uri] }), 400, 'invalid_redirect_uri')
    await expectError(await register({ redirect_uris: [REDIRECT_URI, uri] }), 400, 'invalid_redirect_uri')
  })

  test('what is approved is one setting', async () => {
    for (const uri of ['https://app.example/cb', 'https://app.example/each/one', 'com.example.app:/cb']) {
      expect((await register({ redirect_uris: [uri] }, chosen)).status).toBe(201)
    }
    for (const uri of [
      'https://app.example/cb/',
      'https://app.example/each/',
      'https://app.example/each/a/b',
      'com.example.app:/',
    ]) {
      await expectError(await register({ redirect_uris: [uri] }, chosen), 400, 'invalid_redirect_uri')
    }
  })

  test('what matched a pattern is registered, and later compared, as it is', async () => {
    const uri = 'https://app.example/each/one'
    const client = await registered({ redirect_uris: [uri] }, chosen)
    expect((await chosen.store.clients.find(client.client_id))?.redirectUris).toEqual([uri])
    const query = new URLSearchParams({ client_id: client.client_id, redirect_uri: 'https://app.example/each/two' })
    expect((await chosen.fetch(`/oauth/authorize?${query}`)).status).toBe(400)
  })

  test.each([...LOOPBACK, ...sound])('AS-042 ADR 0044 in open mode: %s', async (uri) => {
    expect((await registered({ redirect_uris: [uri] }, open)).redirect_uris).toEqual([uri])
  })

  test.each(never)('AS-041 AS-045 in no mode: %p', async (uri) => {
    for (const to of [server, chosen, open]) {
      await expectError(await register({ redirect_uris: [uri] }, to), 400, 'invalid_redirect_uri')
    }
  })

  test('in admin_only mode: nobody who has no initial access token', async () => {
    for (const uri of [...LOOPBACK, ...sound]) {
      await expectError(await register({ redirect_uris: [uri] }, closed), 401, 'invalid_token')
    }
    expect(await closed.store.clients.list()).toEqual([])
  })
})

describe('a scope in a registration', () => {
  const authorize = (clientId: string, scope: string) =>
    server.fetch(
      `/oauth/authorize?${new URLSearchParams({
        response_type: 'code',
        client_id: clientId,
        redirect_uri: REDIRECT_URI,
        scope,
        code_challenge: 'a'.repeat(43),
        code_challenge_method: 'S256',
      })}`,
    )

  test('is advice: the client may ask for more later', async () => {
    const { client_id } = await registered({ redirect_uris: [REDIRECT_URI], scope: 'notes:read' })
    expect((await authorize(client_id, 'notes:read notes:write')).headers.get('location')).toStartWith('/sign-in?')
  })

  test('an administrator can set a ceiling, which is no advice', async () => {
    const { client_id } = await registered({ redirect_uris: [REDIRECT_URI] })
    const client = await server.store.clients.find(client_id)
    if (client === null) throw new Error('not registered')
    await server.store.clients.create({ ...client, id: 'ceiling', scopeCeiling: ['notes:read'] })
    expect((await authorize('ceiling', 'notes:read')).headers.get('location')).toStartWith('/sign-in?')
    const above = await authorize('ceiling', 'notes:read notes:write')
    expect(above.headers.get('location')).toContain('error=invalid_scope')
    expect(server.events.at(-1)).toMatchObject({ reason: 'scope_above_ceiling' })
  })
})
