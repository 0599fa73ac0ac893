/**
 * Well-known locations: at the root of the host, the suffixes that are registered, and nothing else.
 *
 * @see RFC 8615 section 3
 * @see RFC 8414 section 3.1: where the issuer has a path
 *
 * @standard RFC 8615: Well-Known URIs
 * @status used
 * @does metadata documents
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { createTestServer } from '../support/authorization-server.ts'

const SUFFIXES = ['oauth-authorization-server', 'openid-configuration'] as const

describe.each(['https://auth.example', 'https://auth.example/tenant/one'])('the issuer %s', async (issuer) => {
  const server = await createTestServer({ issuer })
  afterAll(() => server.close())
  const path = new URL(issuer).pathname.replace(/\/$/, '')
  const at = (where: string) => server.fetch(new URL(where, issuer))

  test.each(SUFFIXES)('AS-005 /.well-known/%s is at the root, followed by the path', async (suffix) => {
    const response = await at(`/.well-known/${suffix}${path}`)
    expect([response.status, (await response.json()).issuer]).toEqual([200, issuer])
  })

  test.each([
    '/.well-known',
    '/.well-known/',
    '/.well-known/oauth-authorization-server/',
    '/.well-known/oauth-authorization-server/other',
    '/.well-known/OAUTH-AUTHORIZATION-SERVER',
    '/.well-known/nothing',
    '/.well-known/oauth-protected-resource',
    '/.well-known/../.well-known/nothing',
    '/WELL-KNOWN/oauth-authorization-server',
  ])('nothing is at %s', async (where) => {
    expect((await at(where)).status).toBe(404)
  })

  test.each(SUFFIXES)('section 3 /.well-known/%s is read, and not written', async (suffix) => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
      const response = await server.fetch(new URL(`/.well-known/${suffix}${path}`, issuer), { method })
      expect(response.status).toBe(405)
    }
  })
})
