/**
 * What is not there, and does not look as if it were: nothing in the metadata claims it, no grant type leads to it, and parameters of it change
 * nothing. Whoever builds one of these moves its claim to a file that proves it, and takes its line out of the table below.
 *
 * @see docs/adr/0121-standards-from-headers.md
 *
 * @standard RFC 9126: Pushed Authorization Requests (PAR)
 * @status missing
 * @missing planned
 * @standard RFC 9101: JWT-Secured Authorization Requests (JAR)
 * @status missing
 * @missing planned; `request` and `request_uri` are ignored
 * @standard RFC 9396: Rich Authorization Requests (RAR)
 * @status missing
 * @missing planned; `authorization_details` is ignored
 * @standard RFC 7592: Dynamic Client Registration Management
 * @status missing
 * @missing planned: clients register again instead
 * @standard RFC 8705: Mutual-TLS Client Authentication and Certificate-Bound Tokens
 * @status missing
 * @missing not planned
 * @standard RFC 7522: SAML Profile
 * @status missing
 * @missing not planned
 * @standard RFC 7239: Forwarded HTTP Extension
 * @status missing
 * @missing not read: proxies are believed through `X-Forwarded-For`
 * @standard RFC 9470: Step Up Authentication Challenge
 * @status missing
 * @missing not planned: step-up here is about scopes
 * @standard RFC 9701: JWT Response for Token Introspection
 * @status missing
 * @missing not planned
 * @standard OpenID Connect CIBA: Client-Initiated Backchannel Authentication
 * @status missing
 * @missing not planned
 * @published https://openid.net/specs/openid-client-initiated-backchannel-authentication-core-1_0.html
 * @standard JARM: JWT-Secured Authorization Response Mode
 * @status missing
 * @missing not planned: `response_mode` is `query`
 * @published https://openid.net/specs/oauth-v2-jarm.html
 * @standard FAPI: FAPI 2.0 Security Profile
 * @status missing
 * @missing not planned; it needs PAR and sender-constrained tokens
 * @published https://openid.net/specs/fapi-security-profile-2_0-final.html
 * @module
 */
import { afterAll, expect, test } from 'bun:test'
import { readHeader } from '../../.ci/standards-page.ts'
import {
  authorizationQuery,
  codeForm,
  createTestServer,
  obtainCode,
  postForm,
  registerClient,
} from '../support/authorization-server.ts'
import { expectError } from '../support/oauth-error.ts'

const server = await createTestServer({ registration: { mode: 'open' }, client_credentials: { enabled: true } })
afterAll(() => server.close())

/** What would show of a standard. */
interface Footprint {
  /** Members of the metadata. */
  readonly claims?: readonly string[]
  readonly grant?: string
  /** A way for clients to prove themselves. */
  readonly method?: string
  /** Members of what a registration is answered with. */
  readonly registration?: readonly string[]
  /** Parameters of an authorization request. */
  readonly parameters?: Readonly<Record<string, string>>
  /** Headers of a request. */
  readonly headers?: Readonly<Record<string, string>>
}

const urn = (name: string): string => `urn:ietf:params:oauth:grant-type:${name}`

const FOOTPRINTS: Readonly<Record<string, Footprint>> = {
  'RFC 9126': { claims: ['pushed_authorization_request_endpoint', 'require_pushed_authorization_requests'] },
  'RFC 9101': {
    claims: ['request_parameter_supported', 'request_uri_parameter_supported', 'require_signed_request_object'],
    parameters: { request: 'e30.e30.', request_uri: 'https://app.example/request.jwt' },
  },
  'RFC 9396': {
    claims: ['authorization_details_types_supported'],
    parameters: { authorization_details: '[{"type":"payment"}]' },
  },
  'RFC 7592': { registration: ['registration_access_token', 'registration_client_uri'] },
  'RFC 8705': {
    claims: ['tls_client_certificate_bound_access_tokens', 'mtls_endpoint_aliases'],
    method: 'tls_client_auth',
  },
  'RFC 7522': { grant: urn('saml2-bearer') },
  'RFC 7239': { headers: { forwarded: 'for=192.0.2.60;proto=http;host=evil.example' } },
  'RFC 9470': { claims: ['acr_values_supported'], parameters: { acr_values: 'gold', max_age: '0' } },
  'RFC 9701': { claims: ['introspection_signing_alg_values_supported'] },
  'OpenID Connect CIBA': {
    claims: ['backchannel_authentication_endpoint'],
    grant: 'urn:openid:params:grant-type:ciba',
  },
  JARM: { claims: ['authorization_signing_alg_values_supported'] },
  FAPI: { claims: ['require_signed_request_object', 'require_pushed_authorization_requests'] },
}

const { claims } = readHeader({ path: 'test/spec/not-there.test.ts', text: await Bun.file(import.meta.path).text() })
const metadata: Record<string, unknown> = await (await server.fetch('/.well-known/oauth-authorization-server')).json()

test('the header and the table name the same, and all of it is missing', () => {
  expect(claims.map(({ id }) => id).sort()).toEqual(Object.keys(FOOTPRINTS).sort())
  expect(new Set(claims.map(({ status }) => status))).toEqual(new Set(['missing']))
})

test.each(Object.entries(FOOTPRINTS))('%s is neither claimed nor answered', async (_, footprint) => {
  const { claims: members = [], grant, method, registration = [] } = footprint
  for (const member of members) expect(metadata).not.toHaveProperty(member)
  const client = await registerClient(server)
  for (const member of registration) expect(client).not.toHaveProperty(member)
  if (method !== undefined) {
    expect(metadata['token_endpoint_auth_methods_supported']).not.toContain(method)
    const body = JSON.stringify({ redirect_uris: ['https://app.example/cb'], token_endpoint_auth_method: method })
    const headers = { 'content-type': 'application/json' }
    const refused = await server.fetch('/oauth/register', { method: 'POST', headers, body })
    await expectError(refused, 400, 'invalid_client_metadata')
  }
  if (grant !== undefined) {
    expect(metadata['grant_types_supported']).not.toContain(grant)
    const form = { grant_type: grant, client_id: client.client_id, assertion: 'x', subject_token: 'x' }
    await expectError(await postForm(server, '/oauth/token', form), 400, 'unsupported_grant_type')
  }
})

const sent = Object.entries(FOOTPRINTS).filter(([, { parameters, headers }]) => parameters ?? headers)

test.each(sent)('%s: what is sent of it changes nothing about a flow', async (_, { parameters = {}, headers = {} }) => {
  const { client_id } = await registerClient(server)
  const code = await obtainCode(server, client_id, parameters)
  const answer = await postForm(server, '/oauth/token', { ...codeForm(client_id, code), ...parameters }, headers)
  expect(answer.status).toBe(200)
  const members = ['access_token', 'expires_in', 'refresh_token', 'scope', 'token_type']
  expect(Object.keys(await answer.json()).sort()).toEqual(members)
})

test('JARM: a signed answer is refused, not ignored', async () => {
  const { client_id } = await registerClient(server)
  const query = await authorizationQuery(client_id, { response_mode: 'query.jwt' })
  const answer = await server.fetch(`/oauth/authorize?${query}`)
  const error = new URL(answer.headers.get('location') ?? '', server.issuer).searchParams.get('error')
  expect([answer.status, error]).toEqual([303, 'invalid_request'])
  expect(metadata['response_modes_supported']).toEqual(['query'])
})
