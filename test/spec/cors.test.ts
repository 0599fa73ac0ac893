/**
 * Cross-origin access: for exactly the endpoints that applications call, none of which takes a cookie.
 *
 * @see OAuth 2.1 section 3.1 (draft-ietf-oauth-v2-1-16)
 * @see RFC 10017
 *
 * @standard RFC 10017: OAuth 2.0 for Browser-Based Applications
 * @status followed
 * @does cross-origin access to the endpoints that take no cookies, and to no other; the client keeps tokens out of reach of storage by default
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { insertWellKnown, OAUTH_AUTHORIZATION_SERVER } from '../../shared/well-known.ts'
import { createTestServer } from '../support/authorization-server.ts'

const OPEN: readonly [string, string][] = [
  ['POST', '/oauth/token'],
  ['POST', '/oauth/register'],
  ['POST', '/oauth/revoke'],
  ['POST', '/oauth/introspect'],
  ['GET', '/.well-known/oauth-authorization-server'],
  ['GET', '/.well-known/openid-configuration'],
  ['GET', '/.well-known/jwks.json'],
]
const ORIGIN = 'https://app.example'

/** Where a path is found: the well-known document of an issuer with a path has the path inserted. */
const locate = (issuer: string, path: string): string | URL =>
  path === OAUTH_AUTHORIZATION_SERVER ? new URL(insertWellKnown(issuer, path)) : path

const corsHeaders = (response: Response) =>
  [...response.headers.keys()].filter((name) => name.startsWith('access-control-'))
const preflight = (method: string) => ({
  method: 'OPTIONS',
  headers: {
    origin: ORIGIN,
    'access-control-request-method': method,
    'access-control-request-headers': 'authorization,content-type',
  },
})

describe.each(['https://auth.example', 'https://auth.example/tenant'])('the issuer %s', async (issuer) => {
  const server = await createTestServer({ issuer })
  afterAll(() => server.close())
  const closed = server.app.routes
    .map(({ method, path }): [string, string] => [method === 'ALL' ? 'POST' : method, path])
    .filter(([, path]) => !OPEN.some(([, open]) => open === path))

  test.each(OPEN)('AS-075 a preflight for %s %s is answered', async (method, path) => {
    const response = await server.fetch(locate(issuer, path), preflight(method))
    expect(response.status).toBe(204)
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(response.headers.get('access-control-allow-methods')).toBe(method)
    expect(response.headers.get('access-control-allow-headers')?.toLowerCase()).toContain('authorization, content-type')
    expect(response.headers.get('access-control-allow-credentials')).toBeNull()
  })

  test.each(OPEN)(
    'AS-075 the answer of %s %s can be read from any origin, also when it is an error',
    async (method, path) => {
      const url = locate(issuer, path)
      const answers = [
        await server.fetch(url, { method, headers: { origin: ORIGIN } }),
        await server.fetch(url, { method, headers: { origin: 'null' } }),
        await server.fetch(url, { method: method === 'GET' ? 'POST' : 'GET', headers: { origin: ORIGIN } }),
      ]
      for (const answer of answers) {
        expect(answer.headers.get('access-control-allow-origin')).toBe('*')
        expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
        expect(answer.headers.get('access-control-expose-headers')).toContain('WWW-Authenticate')
      }
    },
  )

  test('AS-055 every other route has none, preflight or not', async () => {
    expect(closed.map(([, path]) => path)).toContain('/oauth/authorize')
    expect(closed.length).toBeGreaterThan(10)
    for (const [method, path] of closed) {
      for (const init of [{ method, headers: { origin: ORIGIN } }, preflight(method)]) {
        expect([path, corsHeaders(await server.fetch(path, init))]).toEqual([path, []])
      }
    }
  })

  test.each(['/oauth/authorize/', '/oauth/authorize/consent', '/oauth/authorizeX', '/', '/nothing', '/oauth'])(
    'AS-055 nor has %s',
    async (path) => {
      expect(corsHeaders(await server.fetch(path, preflight('GET')))).toEqual([])
      expect(corsHeaders(await server.fetch(path, { headers: { origin: ORIGIN } }))).toEqual([])
    },
  )
})

test('AS-075 trouble behind a document can be read from any origin, too', async () => {
  const server = await createTestServer()
  await server.store.close()
  const response = await server.fetch('/.well-known/oauth-authorization-server', { headers: { origin: ORIGIN } })
  expect(response.status).toBe(503)
  expect(response.headers.get('access-control-allow-origin')).toBe('*')
})
