/**
 * No claim without proof: whatever the metadata claims is fetched from the server and done, member by member and value by value. A claim
 * that nobody has written a proof for fails, and so does a proof of what nothing claims.
 *
 * @see RFC 8414 section 2
 * @see docs/adr/0110-no-claim-without-proof.md
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import type { ConfigInput } from '../../server/config.ts'
import { ENDPOINTS } from '../../server/http/endpoints.ts'
import { RESOURCE } from '../support/authorization-server.ts'
import { TRUSTED, WORKLOADS } from '../support/claims/id-jag.ts'
import { PROOFS, prove } from '../support/claims/proofs.ts'
import { createWorld, type World } from '../support/claims/world.ts'

const scopes = { 'notes:read': 'Read', 'notes:write': 'Write', 'notes:admin': 'Delete' }

const CONFIGURATIONS: readonly (readonly [string, ConfigInput])[] = [
  ['the defaults', {}],
  [
    'everything, below a path',
    {
      issuer: 'https://auth.example/tenant',
      access_token: { algorithm: 'RS256' },
      registration: { mode: 'open' },
      client_credentials: { enabled: true },
      token_exchange: { enabled: true },
      xaa: { enabled: true, providers: [TRUSTED] },
      id_jag: {
        enabled: true,
        audiences: [
          {
            issuer: 'https://as.tickets.example',
            clients: { desk: 'desk-there' },
            resources: ['https://tickets.example/mcp'],
          },
        ],
      },
      metadata: {
        service_documentation: 'https://docs.example/start',
        op_policy_uri: 'https://docs.example/policy',
        op_tos_uri: 'https://docs.example/terms',
      },
      resources: [
        { identifier: RESOURCE, scopes, scope_hierarchy: { 'notes:admin': ['notes:write'] } },
        { identifier: 'https://mail.example/mcp', scopes: { 'mail:send': 'Send mail', 'notes:read': 'Read' } },
        { identifier: 'https://bare.example/mcp', scopes: {} },
      ],
    },
  ],
  ['workloads', { wif: WORKLOADS }],
  ['clients registered by an administrator only', { registration: { mode: 'admin_only' } }],
]

const worlds: readonly (readonly [string, World])[] = await Promise.all(
  CONFIGURATIONS.map(async ([name, config]) => [name, await createWorld(config)] as const),
)
afterAll(async () => {
  for (const [, world] of worlds) await world.close()
})

describe.each(worlds)('AS-009 RFC 8414 section 2 with %s', (_, world) => {
  test.each(Object.entries(world.metadata))('%s', (member, claim) => prove(member, claim, world))

  test('nothing failed on our side', () => expect(world.server.failures).toEqual([]))
})

test('every proof is of something that is claimed somewhere', () => {
  const claimed = new Set(worlds.flatMap(([, { metadata }]) => Object.keys(metadata)))
  expect(Object.keys(PROOFS).filter((member) => !claimed.has(member))).toEqual([])
})

test('every endpoint for applications is claimed', () => {
  const [, world] = worlds[1] ?? []
  const claimed = Object.values(world?.metadata ?? {})
  const unclaimed = [...ENDPOINTS.keys()].filter((path) => !claimed.includes(`${world?.server.issuer}${path}`))
  expect(unclaimed).toEqual(['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'])
})

describe('a claim that is not so is found out', async () => {
  const world = await createWorld()
  afterAll(() => world.close())
  const lies: readonly (readonly [string, unknown])[] = [
    ['made_up_supported', true],
    ['toString', true],
    ['issuer', 'https://auth.example/'],
    ['issuer', 'https://other.example'],
    ['authorization_endpoint', 'https://auth.example/oauth/token'],
    ['token_endpoint', 'https://auth.example/oauth/tokens'],
    ['token_endpoint', 'https://auth.example/oauth/revoke'],
    ['token_endpoint', 'https://elsewhere.example/oauth/token'],
    ['revocation_endpoint', 'https://auth.example/oauth/token'],
    ['revocation_endpoint', 'https://auth.example/oauth/none'],
    ['introspection_endpoint', 'https://auth.example/oauth/revoke'],
    ['registration_endpoint', 'https://auth.example/oauth/token'],
    ['jwks_uri', 'https://auth.example/.well-known/openid-configuration'],
    ['scopes_supported', ['notes:read', 'notes:all']],
    ['scopes_supported', []],
    ['response_types_supported', ['code', 'token']],
    ['response_modes_supported', ['query', 'form_post']],
    ['grant_types_supported', ['authorization_code', 'password']],
    ['grant_types_supported', ['authorization_code', 'authorization_code']],
    ['grant_types_supported', ['authorization_code', 'client_credentials']],
    ['token_endpoint_auth_methods_supported', ['tls_client_auth']],
    ['revocation_endpoint_auth_methods_supported', ['client_secret_jwt']],
    ['token_endpoint_auth_signing_alg_values_supported', ['ES512']],
    ['token_endpoint_auth_signing_alg_values_supported', ['none']],
    ['code_challenge_methods_supported', ['S256', 'plain']],
    ['authorization_response_iss_parameter_supported', false],
    ['client_id_metadata_document_supported', false],
    ['resource_indicators_supported', false],
    ['agent_identity_supported', false],
    ['prompt_values_supported', ['none', 'create']],
    ['subject_types_supported', ['pairwise']],
    ['id_token_signing_alg_values_supported', ['ES256', 'RS256']],
    ['protected_resources', [RESOURCE, 'https://unknown.example/mcp']],
    ['service_documentation', 'https://docs.example/nowhere'],
  ]
  test.each(lies)('%s: %p', async (member, claim) => {
    const liar = { ...world, metadata: { ...world.metadata, [member]: claim } }
    const refusal: unknown = await prove(member, claim, liar).then(
      () => null,
      (error) => error,
    )
    expect(refusal instanceof Error).toBeTrue()
  })
})
