/**
 * What has to be tolerated so that all of the hosts that were recorded, and three more that were watched, can be served.
 *
 * @module
 */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { findChallenge } from '../../shared/challenge.ts'
import { writeForm } from '../../shared/form.ts'
import { authorizationQuery, postForm, registerClient, type Tokens, VERIFIER } from '../support/authorization-server.ts'
import { createTestDemo, type TestDemo } from '../support/demo.ts'
import { createPerson } from '../support/person.ts'

type Fields = Readonly<Record<string, string | undefined>>

let demo: TestDemo
beforeEach(async () => {
  demo = await createTestDemo({ issuer: 'http://localhost:9100' })
})
afterEach(() => demo.close())

/** Through the pages, and back with a callback. */
async function authorize(
  clientId: string,
  redirectUri: string,
  changes: Fields = {},
  decision: 'allow' | 'deny' = 'allow',
) {
  const query = await authorizationQuery(clientId, { redirect_uri: redirectUri, resource: demo.mcpUrl, ...changes })
  return createPerson(demo, { decision }).visit(`${demo.issuer}/oauth/authorize?${query}`)
}

const REDIRECT_URI = 'http://127.0.0.1:7777/callback'

/** Tokens for a public client. */
async function signIn(clientId: string, changes: Fields = {}): Promise<Tokens> {
  const callback = await authorize(clientId, REDIRECT_URI, changes)
  const response = await postForm(demo, '/oauth/token', {
    grant_type: 'authorization_code',
    code: callback.searchParams.get('code') ?? '',
    code_verifier: VERIFIER,
    redirect_uri: REDIRECT_URI,
    client_id: clientId,
    resource: demo.mcpUrl,
  })
  expect(response.status).toBe(200)
  return response.json()
}

const refresh = (clientId: string, refreshToken: string, changes: Fields = {}) =>
  postForm(demo, '/oauth/token', {
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    client_id: clientId,
    ...changes,
  })

const whoami = (token: string) =>
  demo.fetch(demo.mcpUrl, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-06-18',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'whoami' } }),
  })

describe('registration and redirects', () => {
  const paths = ['/callback', '/callback/k3J9_sd-Q1zx', '/oauth/callback', '/mcp/oauth/callback']
  const uris = ['localhost', '127.0.0.1', '[::1]'].flatMap((host) => paths.map((path) => `http://${host}:50001${path}`))

  test.each(uris)('AS-046 %s is registered, and answered at another port', async (uri) => {
    const { client_id } = await registerClient(demo, { redirect_uris: [uri] })
    const elsewhere = uri.replace(':50001', ':61234')
    const callback = await authorize(client_id, elsewhere)
    expect(callback.href).toStartWith(`${elsewhere}?code=`)
  })

  test.each([
    ['everything that hosts send', {}],
    ['no application_type', { application_type: undefined }],
    ['no scope', { scope: undefined }],
    ['members that nobody knows', { client_uri: 'https://host.example', software_id: 'x', something_new: { a: 1 } }],
    [
      'an unknown grant type beside the known ones',
      { grant_types: ['authorization_code', 'refresh_token', 'urn:x:y'] },
    ],
  ])('AS-039 a registration with %s is 201, as `none`', async (_, metadata) => {
    const client = await registerClient(demo, { scope: 'notes:read', ...metadata })
    expect(client['token_endpoint_auth_method']).toBe('none')
    expect(client.client_secret).toBeUndefined()
    expect(client['grant_types']).toEqual(['authorization_code', 'refresh_token'])
  })

  test('the same registration again and again makes new clients', async () => {
    const clients = await Promise.all(Array.from({ length: 20 }, () => registerClient(demo)))
    expect(new Set(clients.map(({ client_id }) => client_id)).size).toBe(20)
  })

  test.each([
    ['client_secret_basic', 'basic'],
    ['client_secret_basic', 'post'],
    ['client_secret_post', 'basic'],
    ['client_secret_post', 'post'],
  ])('AS-060 a client registered as %s may authenticate by %s', async (registered, used) => {
    const client = await registerClient(demo, { token_endpoint_auth_method: registered })
    const secret = client.client_secret ?? ''
    const callback = await authorize(client.client_id, REDIRECT_URI)
    const code = callback.searchParams.get('code') ?? ''
    const form = { grant_type: 'authorization_code', code, code_verifier: VERIFIER, redirect_uri: REDIRECT_URI }
    const response =
      used === 'basic'
        ? await postForm(demo, '/oauth/token', form, {
            authorization: `Basic ${btoa(`${client.client_id}:${secret}`)}`,
          })
        : await postForm(demo, '/oauth/token', { ...form, client_id: client.client_id, client_secret: secret })
    expect(response.status).toBe(200)
  })
})

describe('authorization', () => {
  test('a client may ask for more than it registered', async () => {
    const { client_id } = await registerClient(demo, { scope: 'notes:read' })
    expect((await signIn(client_id, { scope: 'notes:read notes:write' })).scope).toBe('notes:read notes:write')
  })

  test('`resource` and `scope` in every request, `prompt=consent`, `offline_access`', async () => {
    const { client_id } = await registerClient(demo)
    const { refresh_token } = await signIn(client_id, {
      scope: 'notes:read notes:write offline_access',
      prompt: 'consent',
    })
    const scope = 'notes:read notes:write offline_access'
    const refreshed = await refresh(client_id, refresh_token, { resource: demo.mcpUrl, scope })
    expect(refreshed.status).toBe(200)
    expect(await refreshed.json()).toMatchObject({ scope: 'notes:read notes:write' })
  })

  test('RS-004 the metadata names the MCP URL, byte for byte; a slash behind it in a request is forgiven', async () => {
    const metadata = await demo.fetch('/.well-known/oauth-protected-resource/mcp')
    expect(await metadata.json()).toMatchObject({ resource: 'http://localhost:9100/mcp' })
    const { client_id } = await registerClient(demo)
    const { access_token } = await signIn(client_id, { resource: `${demo.mcpUrl}/` })
    expect((await whoami(access_token)).status).toBe(200)
  })

  test.each([
    ['a denial', {}, 'deny', 'access_denied'],
    ['an unknown scope', { scope: 'notes:everything' }, 'allow', 'invalid_scope'],
    ['an unknown resource', { resource: 'https://else.example/mcp' }, 'allow', 'invalid_target'],
    ['no code challenge', { code_challenge: undefined }, 'allow', 'invalid_request'],
    ['`prompt=none` without a session', { prompt: 'none' }, 'allow', 'login_required'],
  ] as const)('AS-050 `iss` and `state` come back with %s', async (_, changes, decision, error) => {
    const { client_id } = await registerClient(demo)
    const { searchParams } = await authorize(client_id, REDIRECT_URI, changes, decision)
    expect(searchParams.get('error')).toBe(error)
    expect(searchParams.get('iss')).toBe('http://localhost:9100')
    expect(searchParams.get('state')).toBe('state-1')
  })
})

describe('the life of tokens', () => {
  test.each([2, 3, 4, 5])('%d refreshes at once get one and the same successor', async (times) => {
    const { client_id } = await registerClient(demo)
    const { refresh_token } = await signIn(client_id)
    const answers = await Promise.all(Array.from({ length: times }, () => refresh(client_id, refresh_token)))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: times }, () => 200))
    const bodies: readonly Tokens[] = await Promise.all(answers.map((answer) => answer.json()))
    expect(new Set(bodies.map((body) => body.refresh_token)).size).toBe(1)
    expect(bodies[0]?.refresh_token).not.toBe(refresh_token)
  })

  test('access tokens outlive every refresh margin, and refreshing before each call is not braked', async () => {
    const { client_id } = await registerClient(demo)
    const tokens = await signIn(client_id)
    expect(tokens.expires_in).toBeGreaterThanOrEqual(600)
    let { refresh_token } = tokens
    for (let round = 0; round < 100; round += 1) {
      const response = await refresh(client_id, refresh_token)
      expect(response.status).toBe(200)
      refresh_token = (await response.json()).refresh_token
    }
  })

  test('AS-068 a refresh token under another client id is `invalid_grant`, and its owner keeps it', async () => {
    const [owner, other] = [await registerClient(demo), await registerClient(demo)]
    const { refresh_token } = await signIn(owner.client_id)
    const stray = await refresh(other.client_id, refresh_token)
    expect(stray.status).toBe(400)
    expect(await stray.json()).toMatchObject({ error: 'invalid_grant' })
    expect((await refresh(owner.client_id, refresh_token)).status).toBe(200)
  })

  test('an outage is 503 with Retry-After, never `invalid_grant` nor 500', async () => {
    const { client_id } = await registerClient(demo)
    const { refresh_token } = await signIn(client_id)
    await demo.store.close()
    const response = await refresh(client_id, refresh_token)
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/)
    expect(await response.json()).toMatchObject({ error: 'temporarily_unavailable' })
  })

  test('a client that is unknown is 401 `invalid_client`, so that hosts register again', async () => {
    const response = await refresh('nobody', 'nothing')
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ error: 'invalid_client' })
  })

  test.each([
    ['refresh token, then access token', ['refresh_token', 'access_token']],
    ['access token, then refresh token', ['access_token', 'refresh_token']],
  ] as const)('a public client revokes %s: 200 and 200', async (_, order) => {
    const { client_id } = await registerClient(demo)
    const tokens = await signIn(client_id)
    for (const kind of order) {
      const response = await postForm(demo, '/oauth/revoke', { token: tokens[kind], token_type_hint: kind, client_id })
      expect(response.status).toBe(200)
    }
    expect((await whoami(tokens.access_token)).status).toBe(401)
    expect((await refresh(client_id, tokens.refresh_token)).status).toBe(400)
  })
})

describe('the MCP endpoint', () => {
  const rpc = (method: string) => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: {} })

  test.each([
    ['GET', 'GET', undefined],
    ['HEAD', 'HEAD', undefined],
    ['initialize', 'POST', rpc('initialize')],
    ['server/discover', 'POST', rpc('server/discover')],
    ['tools/list', 'POST', rpc('tools/list')],
  ])('RS-023 %s without a token is 401 with the challenge', async (_, method, body) => {
    const response = await demo.fetch(demo.mcpUrl, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body }),
    })
    expect(response.status).toBe(401)
    const challenge = findChallenge(response.headers.get('www-authenticate'), 'bearer')
    expect(challenge?.params['resource_metadata']).toBe(
      'http://localhost:9100/.well-known/oauth-protected-resource/mcp',
    )
  })

  test.each(['2024-11-05', '2025-11-25', '2026-07-28', '1999-01-01'])(
    'metadata is served whatever MCP-Protocol-Version says (%s)',
    async (version) => {
      for (const path of ['/.well-known/oauth-protected-resource/mcp', '/.well-known/oauth-authorization-server']) {
        expect((await demo.fetch(path, { headers: { 'mcp-protocol-version': version } })).status).toBe(200)
      }
    },
  )

  test('RS-071 GET with a token is 405', async () => {
    const { client_id } = await registerClient(demo)
    const { access_token } = await signIn(client_id)
    const response = await demo.fetch(demo.mcpUrl, { headers: { authorization: `Bearer ${access_token}` } })
    expect(response.status).toBe(405)
  })

  test('RS-006 the first challenge and the metadata name what ordinary use needs, and no more', async () => {
    const response = await demo.fetch(demo.mcpUrl)
    const challenge = findChallenge(response.headers.get('www-authenticate'), 'bearer')
    const metadata = await (await demo.fetch('/.well-known/oauth-protected-resource/mcp')).json()
    expect(challenge?.params['scope']).toBe('notes:read notes:write')
    expect(metadata.scopes_supported).toEqual(['notes:read', 'notes:write'])
  })
})

test('AS-048 a form whose parameters come in any order, with empty ones among them, is read', async () => {
  const { client_id } = await registerClient(demo)
  const { refresh_token } = await signIn(client_id)
  const form = writeForm({ scope: '', client_id, resource: '', refresh_token, grant_type: 'refresh_token' })
  const response = await demo.fetch('/oauth/token', { method: 'POST', body: form })
  expect(response.status).toBe(200)
})
