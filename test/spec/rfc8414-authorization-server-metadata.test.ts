/**
 * Authorization server metadata: where it is found, and that it cannot lie.
 *
 * @see RFC 8414 section 2 and section 3
 * @see OpenID Connect Discovery 1.0 section 4
 * @see docs/adr/0047-openid-configuration.md
 *
 * @standard RFC 8414: Authorization Server Metadata
 * @status implemented
 * @does made from what is mounted; issuers with a path
 * @missing signed metadata (section 2.1)
 * @standard OpenID Connect Discovery: Discovery 1.0
 * @status partly
 * @does the same document under the other name, at both places; as a relying party, the metadata of companies' providers
 * @missing the rest of an OpenID provider: there is no ID token; WebFinger
 * @published https://openid.net/specs/openid-connect-discovery-1_0.html
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { discoverAuthorizationServerMetadata } from '@modelcontextprotocol/sdk/client/auth.js'
import { clientSecretPost } from '../../server/core/client-auth/client-secret-post.ts'
import { none } from '../../server/core/client-auth/none.ts'
import { createAuthorizationServer, type Offer } from '../../server/core/create-authorization-server.ts'
import { authorizationCode } from '../../server/core/grants/authorization-code.ts'
import { createOutbound } from '../../server/outbound/create-outbound.ts'
import { hash } from '../../server/store/hash.ts'
import { openStore } from '../../server/store/open-store.ts'
import { ordinal } from '../../server/store/ordinal.ts'
import { random } from '../../server/store/random.ts'
import { sealer } from '../../server/store/sealer.ts'
import { createSigner } from '../../server/store/signer.ts'
import { DPOP_ALGORITHMS } from '../../shared/dpop/public-key.ts'
import { authorizationServerMetadataUrls } from '../../shared/well-known.ts'
import {
  codeForm,
  createTestServer,
  obtainCode,
  postForm,
  REDIRECT_URI,
  RESOURCE,
  registerClient,
  type TestServer,
  VERIFIER,
} from '../support/authorization-server.ts'

const ENDPOINTS = [
  'authorization_endpoint',
  'token_endpoint',
  'registration_endpoint',
  'revocation_endpoint',
  'jwks_uri',
]

/** The document at an absolute URL. */
async function documentAt(server: TestServer, url: string): Promise<Record<string, unknown>> {
  const response = await server.fetch(new URL(url))
  expect([url, response.status]).toEqual([url, 200])
  expect(response.headers.get('content-type')).toMatch(/^application\/json\b/)
  return response.json()
}

const PROOFS = ['client_secret_basic', 'client_secret_post', 'private_key_jwt']
const ALGORITHMS = ['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA', 'Ed25519']

describe.each([
  ['https://auth.example', 'https://auth.example'],
  ['https://auth.example/', 'https://auth.example'],
  ['https://auth.example/tenant', 'https://auth.example/tenant'],
  ['https://auth.example/tenant/', 'https://auth.example/tenant'],
  ['https://auth.example/a/b', 'https://auth.example/a/b'],
  ['http://localhost:9100', 'http://localhost:9100'],
])('the issuer %s', (issuer, base) => {
  test('AS-002 AS-004 AS-005 section 3 is found wherever clients look, and named byte for byte', async () => {
    const server = await createTestServer({ issuer })
    const urls = authorizationServerMetadataUrls(issuer)
    const documents = await Promise.all(urls.map((url) => documentAt(server, url)))
    const expected = {
      issuer,
      authorization_endpoint: `${base}/oauth/authorize`,
      token_endpoint: `${base}/oauth/token`,
      revocation_endpoint: `${base}/oauth/revoke`,
      introspection_endpoint: `${base}/oauth/introspect`,
      registration_endpoint: `${base}/oauth/register`,
      jwks_uri: `${base}/.well-known/jwks.json`,
      scopes_supported: ['notes:read', 'notes:write', 'notes:admin', 'offline_access'],
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      grant_types_supported: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_methods_supported: ['none', ...PROOFS],
      token_endpoint_auth_signing_alg_values_supported: ALGORITHMS,
      revocation_endpoint_auth_methods_supported: ['none', ...PROOFS],
      revocation_endpoint_auth_signing_alg_values_supported: ALGORITHMS,
      introspection_endpoint_auth_methods_supported: PROOFS,
      introspection_endpoint_auth_signing_alg_values_supported: ALGORITHMS,
      code_challenge_methods_supported: ['S256'],
      dpop_signing_alg_values_supported: [...DPOP_ALGORITHMS],
      authorization_response_iss_parameter_supported: true,
      resource_indicators_supported: true,
      client_id_metadata_document_supported: true,
      agent_identity_supported: true,
      authplane_agent_identity_supported: true,
      prompt_values_supported: ['none', 'login', 'consent'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
      protected_resources: [RESOURCE],
    }
    expect(documents).toEqual(urls.map(() => expected))
    await server.close()
  })

  test('AS-002 AS-005 the official SDK needs one of them only, such as the one below the path of a proxy', async () => {
    const server = await createTestServer({ issuer })
    for (const only of authorizationServerMetadataUrls(issuer)) {
      const fetchFn = async (url: string | URL) =>
        String(url) === only ? server.fetch(new URL(url)) : new Response(null, { status: 404 })
      expect((await discoverAuthorizationServerMetadata(issuer, { fetchFn }))?.issuer).toBe(issuer)
    }
    await server.close()
  })

  test('AS-003 every advertised endpoint is below the issuer, and exists', async () => {
    const server = await createTestServer({ issuer })
    const metadata: Record<string, unknown> = { ...(await server.as.metadata()) }
    for (const name of ENDPOINTS) {
      const url = String(metadata[name])
      expect(url).toStartWith(`${base}/`)
      expect([url, (await server.fetch(new URL(url), { method: 'OPTIONS' })).status]).not.toContain(404)
      expect([url, (await server.fetch(new URL(url))).status]).not.toContain(404)
    }
    await server.close()
  })

  test('a client gets tokens with nothing but the metadata, and refreshes and revokes them', async () => {
    const server = await createTestServer({ issuer })
    const found = await documentAt(server, authorizationServerMetadataUrls(issuer)[0] ?? '')
    const post = (name: string, form: Record<string, string>) =>
      server.fetch(new URL(String(found[name])), { method: 'POST', body: new URLSearchParams(form) })
    const registration = await server.fetch(new URL(String(found['registration_endpoint'])), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        redirect_uris: [REDIRECT_URI],
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code', 'refresh_token'],
      }),
    })
    const { client_id } = await registration.json()
    const code = await obtainCode(server, client_id)
    const tokens = await (await post('token_endpoint', codeForm(client_id, code))).json()
    const refresh = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token, client_id }
    const { refresh_token } = await (await post('token_endpoint', refresh)).json()
    expect((await post('revocation_endpoint', { token: refresh_token, client_id })).status).toBe(200)
    await server.close()
  })
})

describe('an issuer with a path', async () => {
  const server = await createTestServer({ issuer: 'https://auth.example/tenant' })
  afterAll(() => server.close())

  test.each([
    '/.well-known/oauth-authorization-server',
    '/.well-known/openid-configuration',
    '/.well-known/jwks.json',
    '/.well-known/oauth-authorization-server/other',
    '/.well-known/oauth-authorization-server/tenant/',
    '/.well-known/oauth-authorization-server/Tenant',
    '/tenant/.well-known/oauth-authorization-server',
    '/oauth/token',
    '/oauth/authorize',
    '/tenant',
    '/tenants/oauth/token',
    '/Tenant/oauth/token',
    '/%74enant/oauth/token',
    '/tenant%2foauth/token',
    '/other/tenant/oauth/token',
    '/sign-in',
  ])('leaves %s to others', async (path) => {
    expect(await server.handle(new Request(`https://auth.example${path}`))).toBeNull()
  })

  test.each(['/health/live', '/health/ready'])(
    'answers %s at the root too, where an orchestrator looks',
    async (path) => {
      expect((await server.handle(new Request(`https://auth.example${path}`)))?.status).toBe(200)
    },
  )
})

describe('the issuer is a setting', () => {
  const poisons: readonly (readonly [string, string])[] = [
    ['host', 'evil.example'],
    ['x-forwarded-host', 'evil.example'],
    ['x-forwarded-proto', 'http'],
    ['x-forwarded-port', '81'],
    ['x-forwarded-prefix', '/evil'],
    ['x-forwarded-server', 'evil.example'],
    ['x-original-url', '/evil'],
    ['x-rewrite-url', '/evil'],
    ['x-host', 'evil.example'],
    ['forwarded', 'host=evil.example;proto=http'],
    ['origin', 'https://evil.example'],
    ['referer', 'https://evil.example/'],
  ]
  test('section 3.3 no header changes a byte of the document', async () => {
    const server = await createTestServer()
    const path = '/.well-known/oauth-authorization-server'
    const expected = await (await server.fetch(path)).text()
    for (const poison of poisons) {
      expect(await (await server.fetch(path, { headers: [[...poison]] })).text()).toBe(expected)
    }
    for (const host of [
      'http://as',
      'https://a',
      'http://evil.example',
      'https://auth.example:8443',
      'http://127.0.0.1:9100',
    ]) {
      expect(await (await server.fetch(new URL(`${host}${path}`))).text()).toBe(expected)
    }
    await server.close()
  })
})

/** A server that speaks less. */
async function createOffering(offer: Offer) {
  const now = () => 1_800_000_000
  const store = await openStore({ database: 'sqlite::memory:' })
  const scopes = { read: 'Read' }
  await store.resources.put({
    identifier: RESOURCE,
    aliases: [],
    name: null,
    scopes,
    scopeHierarchy: {},
    defaultScopes: null,
    accessTokenLifetime: null,
    dpop: 'optional',
  })
  const signer = await createSigner({ keys: store.signingKeys, secret: 's'.repeat(32), now })
  const settings = {
    issuer: 'https://auth.example',
    requireScope: true,
    localhostAnyPort: true,
    codeLifetime: 60,
    accessTokenLifetime: 900,
    replayWindow: 10,
    refreshIdleLifetime: 1000,
    refreshAbsoluteLifetime: 1000,
    clientCredentials: false,
    tokenEndpointAudience: false,
    registration: { mode: 'open', approvedRedirects: [], unusedLifetime: 86_400, idleLifetime: 864_000 },
  } as const
  const secrets = { signer, sealer, hash, random, ordinal }
  const ports = { settings, store, ...secrets, outbound: createOutbound(), now, audit: () => {} }
  const as = createAuthorizationServer(ports, offer)
  return { as, store }
}

describe('AS-009 what is offered is advertised, what is not is not spoken', () => {
  test('grant types', async () => {
    const { as, store } = await createOffering({ grantTypes: { authorization_code: authorizationCode } })
    expect((await as.metadata()).grant_types_supported).toEqual(['authorization_code'])
    const wanted = {
      redirect_uris: [REDIRECT_URI],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
    }
    const registered = await as.register(wanted, null)
    if (!registered.ok) throw new Error(registered.error.reason)
    expect(registered.value.grant_types).toEqual(['authorization_code'])
    const { client_id } = registered.value
    const refresh = { grant_type: 'refresh_token', refresh_token: 'x', client_id } as const
    expect(await as.token(refresh, null)).toEqual({ ok: false, error: { reason: 'unsupported_grant_type' } })
    await store.close()
  })

  test('client authentication methods', async () => {
    const { as, store } = await createOffering({ clientAuthMethods: [clientSecretPost] })
    const metadata = await as.metadata()
    expect(metadata.token_endpoint_auth_methods_supported).toEqual(['client_secret_post'])
    expect(metadata.revocation_endpoint_auth_methods_supported).toEqual(['client_secret_post'])
    expect(metadata.introspection_endpoint_auth_methods_supported).toEqual(['client_secret_post'])
    // RFC 8414 section 2: algorithms only where a method signs.
    expect(
      Object.keys(metadata).filter((name) => name.includes('signing_alg_values') && !name.startsWith('id_')),
    ).toEqual([])
    for (const token_endpoint_auth_method of ['none', 'client_secret_basic', undefined]) {
      const refused = await as.register({ redirect_uris: [REDIRECT_URI], token_endpoint_auth_method }, null)
      expect(refused).toEqual({ ok: false, error: { reason: 'unsupported_auth_method' } })
    }
    const wanted = { redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'client_secret_post' }
    const registered = await as.register(wanted, null)
    if (!registered.ok) throw new Error(registered.error.reason)
    const { client_id, client_secret = '' } = registered.value
    const request = { grant_type: 'authorization_code', code: 'x', code_verifier: VERIFIER } as const
    const withBasic = await as.token(request, `Basic ${btoa(`${client_id}:${client_secret}`)}`)
    expect(withBasic).toEqual({ ok: false, error: { reason: 'missing_client_authentication' } })
    const withoutSecret = await as.token({ ...request, client_id }, null)
    expect(withoutSecret).toEqual({ ok: false, error: { reason: 'missing_client_authentication' } })
    const withPost = await as.token({ ...request, client_id, client_secret }, null)
    expect(withPost).toEqual({ ok: false, error: { reason: 'unknown_code' } })
    await store.close()
  })

  test('public clients only', async () => {
    const { as, store } = await createOffering({ clientAuthMethods: [none] })
    expect((await as.metadata()).token_endpoint_auth_methods_supported).toEqual(['none'])
    await store.close()
  })

  test('AS-039 registration, in every mode', async () => {
    for (const [mode, offered] of [
      ['approved_redirects', true],
      ['open', true],
      ['admin_only', false],
    ] as const) {
      const server = await createTestServer({ registration: { mode } })
      expect('registration_endpoint' in (await server.as.metadata())).toBe(offered)
      await server.close()
    }
  })

  test('AS-010 scopes and resources, as they are registered', async () => {
    const server = await createTestServer({ resources: [] })
    expect(await server.as.metadata()).not.toHaveProperty('protected_resources')
    expect((await server.as.metadata()).scopes_supported).toEqual(['offline_access'])
    const scopes = { 'b:read': 'Read' }
    await server.store.resources.put({
      identifier: 'https://b.example',
      aliases: [],
      name: null,
      scopes,
      scopeHierarchy: {},
      defaultScopes: null,
      accessTokenLifetime: null,
      dpop: 'optional',
    })
    expect(await server.as.metadata()).toMatchObject({
      scopes_supported: ['b:read', 'offline_access'],
      protected_resources: ['https://b.example'],
    })
    await server.close()
  })

  test('AS-006 AS-011 S256 and nothing else, under both names', async () => {
    const server = await createTestServer()
    for (const url of authorizationServerMetadataUrls(server.issuer)) {
      expect((await documentAt(server, url))['code_challenge_methods_supported']).toEqual(['S256'])
    }
    await server.close()
  })
})

test('AS-010 offline_access is in the metadata only: no token or answer names it', async () => {
  const server = await createTestServer()
  const { client_id } = await registerClient(server)
  const code = await obtainCode(server, client_id, { scope: 'offline_access notes:read' })
  const response = await postForm(server, '/oauth/token', codeForm(client_id, code))
  expect((await response.json()).scope).toBe('notes:read')
  await server.close()
})
