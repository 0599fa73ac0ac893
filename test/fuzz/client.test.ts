/**
 * The client under servers that answer anything: it signs in, or fails with an error of its own, with a constant message.
 *
 * @module
 */
import { describe, expect } from 'bun:test'
import fc from 'fast-check'
import { SallyportError } from '../../client/index.ts'
import { classifyHost } from '../../shared/host-class.ts'
import { sessionIn } from '../support/client.ts'
import { fakeWorld } from '../support/fake-authorization-server.ts'
import { fuzz } from './runs.ts'
import { CANARY, headerText, noise } from './values.ts'

const member = fc.constantFrom(
  ...['resource', 'authorization_servers', 'scopes_supported', 'issuer', 'authorization_endpoint', 'token_endpoint'],
  ...['registration_endpoint', 'code_challenge_methods_supported', 'token_endpoint_auth_methods_supported'],
  ...[
    'authorization_response_iss_parameter_supported',
    'access_token',
    'refresh_token',
    'token_type',
    'expires_in',
    'scope',
  ],
  ...['client_id', 'client_secret', 'error', 'error_description'],
  ...['dpop_signing_alg_values_supported', 'dpop_bound_access_tokens_required'],
)
const odd = fc.oneof(
  noise,
  fc.constantFrom('https://as.example.com', 'http://169.254.169.254/', 'https://10.0.0.1/x', 'Bearer', 'S256', CANARY),
  fc.constantFrom('DPoP', 'use_dpop_nonce', 'invalid_dpop_proof', ['ES256'], ['none', 'EdDSA'], true),
  fc.jsonValue({ maxDepth: 2 }),
  fc.array(noise, { maxLength: 2 }),
)

const answer = fc.record({
  which: fc.constantFrom('resource', 'server', 'register', 'token', 'mcp'),
  status: fc.constantFrom(200, 200, 200, 201, 204, 301, 400, 401, 403, 404, 429, 500, 503),
  members: fc.dictionary(member, odd, { maxKeys: 5 }),
  raw: fc.option(fc.oneof(noise, fc.json()), { freq: 4 }),
  headers: fc.dictionary(
    fc.constantFrom(
      'content-type',
      'cache-control',
      'retry-after',
      'expires',
      'location',
      'www-authenticate',
      'dpop-nonce',
      'date',
    ),
    fc.oneof(
      headerText,
      fc.constantFrom(
        'application/json',
        'Bearer resource_metadata="http://169.254.169.254/"',
        'DPoP error="use_dpop_nonce"',
        'Bearer, DPoP error="invalid_dpop_proof"',
        'Thu, 01 Jan 1970 00:00:00 GMT',
        'Bearer resource_metadata="https://10.0.0.1/x", error="invalid_token"',
      ),
    ),
    { maxKeys: 2 },
  ),
})

describe('the client', () => {
  fuzz(
    'fails with an error of its own, and sends nothing to an address inside',
    30,
    fc.array(answer, { minLength: 1, maxLength: 2 }),
    async (answers) => {
      const world = fakeWorld({ serverMetadata: { dpop_signing_alg_values_supported: ['ES256'] } })
      const places = {
        resource: ['GET', world.metadataUrl],
        server: ['GET', world.serverMetadataUrl],
        register: ['POST', `${world.as}/register`],
        token: ['POST', `${world.as}/token`],
        mcp: ['POST', world.resource],
      } as const
      const usual = {
        resource: { resource: world.resource, authorization_servers: [world.issuer] },
        server: {
          issuer: world.issuer,
          authorization_endpoint: `${world.as}/authorize`,
          token_endpoint: `${world.as}/token`,
          registration_endpoint: `${world.as}/register`,
          code_challenge_methods_supported: ['S256'],
          dpop_signing_alg_values_supported: ['ES256'],
        },
        register: { client_id: 'c' },
        token: { access_token: 'a', token_type: 'Bearer' },
        mcp: {},
      }
      for (const { which, status, members, raw, headers } of answers) {
        const [method, url] = places[which]
        const body = status === 204 ? null : (raw ?? JSON.stringify({ ...usual[which], ...members }))
        world.on(
          method,
          url,
          () =>
            new Response(body, { status, headers: new Headers({ 'content-type': 'application/json', ...headers }) }),
        )
      }
      const session = sessionIn(world)
      const failure = await session
        .authorize()
        .then(() => session.fetch(world.resource, { method: 'POST', body: '{}' }))
        .then(
          () => null,
          (error: unknown) => error,
        )
      // Whatever they say, it comes to an end.
      expect(world.requests.length).toBeLessThan(60)
      if (failure !== null) {
        expect(failure).toBeInstanceOf(SallyportError)
        if (failure instanceof SallyportError) expect(failure.message).not.toContain(CANARY)
      }
      for (const { url } of world.requests) {
        const { protocol, hostname } = new URL(url)
        expect([protocol, classifyHost(hostname)]).toEqual(['https:', 'public'])
      }
    },
  )
})
