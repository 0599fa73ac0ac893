/**
 * `iss` in every authorization response, byte for byte.
 *
 * @see RFC 9207 section 2 and section 3
 *
 * @standard RFC 9207: Authorization Server Issuer Identification
 * @status implemented
 * @does `iss` in every response, success or error; the client demands it where it was promised
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { readForm } from '../../shared/form.ts'
import { authorizationQuery, createTestServer, registerClient } from '../support/authorization-server.ts'

const ISSUERS = [
  'https://auth.example',
  'https://auth.example/',
  'https://auth.example/tenant',
  'https://auth.example/a%20b/c/',
  'https://auth.example:8443',
  'http://localhost:9100',
]

describe.each(ISSUERS)('the issuer %s', (issuer) => {
  test('AS-050 section 2 MUST be in success and error responses, exactly once', async () => {
    const server = await createTestServer({ issuer })
    const { client_id } = await registerClient(server, { token_endpoint_auth_method: 'client_secret_basic' })
    const judge = async (changes: Record<string, string>) =>
      server.as.authorize(readForm(await authorizationQuery(client_id, changes)))
    const valid = async (changes: Record<string, string> = {}) => {
      const outcome = await judge(changes)
      if (outcome.kind !== 'valid') throw new Error(outcome.kind)
      return outcome.request
    }
    const redirected = async (outcome: Promise<{ kind: string; location?: string }>) => (await outcome).location ?? ''
    const locations = [
      await server.as.approve(await valid(), server.userId),
      await redirected(server.as.next(await valid(), server.userId)),
      server.as.deny(await valid(), server.userId),
      await redirected(judge({ scope: 'nonsense' })),
      await redirected(judge({ response_type: 'token' })),
      await redirected(judge({ prompt: 'none login' })),
      await redirected(server.as.next(await valid({ prompt: 'none' }), null)),
      await redirected(server.as.next(await valid({ prompt: 'none', scope: 'notes:admin' }), server.userId)),
    ].map((location) => new URL(location))
    expect(locations.map(({ searchParams }) => searchParams.get('error'))).toEqual([
      null,
      null,
      'access_denied',
      'invalid_scope',
      'unsupported_response_type',
      'invalid_request',
      'login_required',
      'consent_required',
    ])
    expect(locations.map(({ searchParams }) => searchParams.getAll('iss'))).toEqual(locations.map(() => [issuer]))
    await server.close()
  })

  test('AS-007 section 3 MUST be advertised, and be the issuer of the metadata', async () => {
    const server = await createTestServer({ issuer })
    expect(await server.as.metadata()).toMatchObject({ issuer, authorization_response_iss_parameter_supported: true })
    await server.close()
  })
})
