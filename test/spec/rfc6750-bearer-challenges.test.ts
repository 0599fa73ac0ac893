/**
 * What a protected resource says to whom it does not let in.
 *
 * @see RFC 6750 section 3 and section 3.1
 *
 * @standard RFC 6750: Bearer Token Usage
 * @status partly
 * @does the header (section 2.1), challenges and errors
 * @missing tokens in forms and query strings (sections 2.2 and 2.3), which are never read
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { parseChallenges } from '../../shared/challenge.ts'
import {
  admitted,
  bearerChallenge,
  createResourceFixture,
  METADATA_URL,
  refused,
  toolCall,
} from '../support/resource-fixture.ts'

const DISCOVER = { jsonrpc: '2.0', id: 1, method: 'server/discover' }
const INITIALIZE = { jsonrpc: '2.0', id: 1, method: 'initialize' }

describe('section 3 requests without credentials', () => {
  test.each([
    ['GET', 'nothing', undefined],
    ['HEAD', 'nothing', undefined],
    ['DELETE', 'nothing', undefined],
    ['POST', 'initialize', JSON.stringify(INITIALIZE)],
    ['POST', 'server/discover', JSON.stringify(DISCOVER)],
    ['POST', 'what is no JSON', 'no JSON'],
  ] as const)(
    'RS-020 RS-023 RS-024 RS-026 RS-034 %s %s gets the challenge without an error code',
    async (method, _, body) => {
      const { issuer, send } = await createResourceFixture()
      const response = refused(await send(body === undefined ? { method } : { method, body }))
      expect(response.status).toBe(401)
      expect(bearerChallenge(response)).toEqual({ resource_metadata: METADATA_URL, scope: 'notes:read notes:write' })
      expect(response.headers.get('cache-control')).toBe('no-store')
      expect(issuer.requests).toEqual([])
      if (method !== 'HEAD') expect(await response.json()).not.toHaveProperty('error')
    },
  )

  test.each(['Basic YWxpY2U6c2VjcmV0', 'DPoPs abc', 'Negotiate', ''])(
    'RS-026 another scheme, or none, is no error either: "%s"',
    async (authorization) => {
      const { send } = await createResourceFixture()
      const response = refused(await send({ headers: { authorization } }))
      expect(response.status).toBe(401)
      expect(bearerChallenge(response)).not.toHaveProperty('error')
    },
  )

  test('RS-010 web pages can read the challenge, and their preflight needs no token', async () => {
    const { send } = await createResourceFixture()
    const headers = { origin: 'https://mcp.example' }
    expect(refused(await send({ headers })).headers.get('access-control-expose-headers')).toContain('WWW-Authenticate')
    const preflight = refused(await send({ method: 'OPTIONS', headers }))
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-methods')).toContain('POST')
  })

  test('a resource without scopes challenges without a scope', async () => {
    const { send } = await createResourceFixture({ scopes: [] })
    expect(bearerChallenge(refused(await send()))).toEqual({ resource_metadata: METADATA_URL })
  })
})

describe('section 2.1 the Authorization header', () => {
  test.each(['Bearer', 'bearer', 'BEARER', 'bEaReR'])('RS-045 the scheme %s is read', async (scheme) => {
    const { issuer, send } = await createResourceFixture()
    admitted(await send({ headers: { authorization: `${scheme} ${await issuer.sign()}` } }))
  })

  test.each([
    'Bearer',
    'Bearer ',
    'Bearer a b',
    'Bearer a, Bearer b',
    'Basic YWxpY2U6c2VjcmV0, Bearer a',
    'Bearer a,Basic YWxpY2U6c2VjcmV0',
    'Bearer "a"',
    'Bearer a=b',
    'Bearer\ta',
  ])('RS-022 RS-027 section 3.1 malformed is invalid_request with 400: %s', async (authorization) => {
    const { issuer, send } = await createResourceFixture()
    const response = refused(await send({ headers: { authorization } }))
    expect(response.status).toBe(400)
    expect(bearerChallenge(response)).toMatchObject({ error: 'invalid_request', resource_metadata: METADATA_URL })
    expect(await response.json()).toMatchObject({ error: 'invalid_request', status: 400, title: 'Bad Request' })
    expect(issuer.requests).toEqual([])
  })
})

describe('section 3.1 error codes', () => {
  test('RS-020 RS-027 RS-043 a token that is not valid is invalid_token with 401', async () => {
    const { events, send } = await createResourceFixture()
    const response = refused(await send({ headers: { authorization: 'Bearer not-a-jwt' } }))
    expect(response.status).toBe(401)
    expect(bearerChallenge(response)).toEqual({
      error: 'invalid_token',
      error_description: 'The access token is not valid here.',
      scope: 'notes:read notes:write',
      resource_metadata: METADATA_URL,
    })
    expect(await response.json()).toEqual({
      error: 'invalid_token',
      error_description: 'The access token is not valid here.',
      type: 'about:blank',
      title: 'Unauthorized',
      status: 401,
      detail: 'The access token is not valid here.',
    })
    expect(events).toEqual([{ type: 'refused', reason: 'malformed', status: 401 }])
  })

  test('RS-020 an expired token is told apart in the description', async () => {
    const { clock, issuer, send } = await createResourceFixture()
    const token = await issuer.sign()
    clock.now += 1000
    const response = refused(await send({ headers: { authorization: `Bearer ${token}` } }))
    expect(bearerChallenge(response)).toMatchObject({
      error: 'invalid_token',
      error_description: 'The access token has expired.',
    })
  })

  test('RS-021 RS-028 RS-029 missing scope is insufficient_scope with 403, naming what the operation needs', async () => {
    const { issuer, post } = await createResourceFixture()
    const response = refused(await post(await issuer.sign({ scope: 'notes:write' }), toolCall('notes_clear')))
    expect(response.status).toBe(403)
    expect(bearerChallenge(response)).toEqual({
      error: 'insufficient_scope',
      error_description: 'The operation needs more scope than the access token has.',
      scope: 'notes:admin',
      resource_metadata: METADATA_URL,
    })
    expect(await response.json()).toMatchObject({ error: 'insufficient_scope', status: 403, title: 'Forbidden' })
  })

  test('RS-032 no parameter is repeated, and hosts that take several challenges for one see none twice', async () => {
    const { issuer, post, send } = await createResourceFixture()
    const token = await issuer.sign()
    const answers = [
      await send(),
      await send({ headers: { authorization: 'Bearer a b' } }),
      await send({ headers: { authorization: 'Bearer a' } }),
      await post(token, toolCall('notes_clear')),
    ]
    for (const answer of answers) {
      const header = refused(answer).headers.get('www-authenticate') ?? ''
      expect(parseChallenges(header)[0]?.scheme).toBe('bearer')
      const names = [...header.matchAll(/(\w+)="[\x20-\x21\x23-\x5B\x5D-\x7E]*"/g)].map((match) => match[1])
      expect(names.length).toBeGreaterThan(0)
      expect(new Set(names).size).toBe(names.length)
    }
  })
})
