/**
 * The client reads authorization server metadata, and refuses what cannot be used safely.
 *
 * @see RFC 8414 section 2, section 3
 * @see OpenID Connect Discovery 1.0 section 4
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { failureOf, sessionIn } from '../support/client.ts'
import { fakeWorld, json } from '../support/fake-authorization-server.ts'

const wellKnown = (world: ReturnType<typeof fakeWorld>): string[] =>
  world.requests
    .map(({ url }) => url)
    .filter((url) => url.startsWith('https://as.example.com') && url.includes('/.well-known/'))

const metadataOf = (issuer: string) => ({
  issuer,
  authorization_endpoint: 'https://as.example.com/authorize',
  token_endpoint: 'https://as.example.com/token',
  registration_endpoint: 'https://as.example.com/register',
  code_challenge_methods_supported: ['S256'],
  token_endpoint_auth_methods_supported: ['none'],
})

describe('section 3.1 where the metadata is looked for', () => {
  test('C-031 C-033 an issuer with a path: inserted, OpenID inserted, OpenID appended', async () => {
    const world = fakeWorld({ issuer: 'https://as.example.com/t1' })
    world.on('GET', world.serverMetadataUrl, () => json({}, 404))
    expect((await failureOf(sessionIn(world).authorize())).code).toBe('server_metadata_not_found')
    expect(wellKnown(world)).toEqual([
      'https://as.example.com/.well-known/oauth-authorization-server/t1',
      'https://as.example.com/.well-known/openid-configuration/t1',
      'https://as.example.com/t1/.well-known/openid-configuration',
    ])
  })

  test('C-032 an issuer without a path: two places', async () => {
    const world = fakeWorld()
    world.on('GET', world.serverMetadataUrl, () => json({}, 404))
    expect((await failureOf(sessionIn(world).authorize())).code).toBe('server_metadata_not_found')
    expect(wellKnown(world)).toEqual([
      'https://as.example.com/.well-known/oauth-authorization-server',
      'https://as.example.com/.well-known/openid-configuration',
    ])
  })

  test('C-030 OpenID Connect Discovery is as good', async () => {
    const places: readonly [string, string][] = [
      ['https://as.example.com', 'https://as.example.com/.well-known/openid-configuration'],
      ['https://as.example.com/t1', 'https://as.example.com/.well-known/openid-configuration/t1'],
      ['https://as.example.com/t1', 'https://as.example.com/t1/.well-known/openid-configuration'],
    ]
    for (const [issuer, place] of places) {
      const world = fakeWorld({ issuer })
      world.on('GET', world.serverMetadataUrl, () => json({}, 404))
      world.on('GET', place, () =>
        json({
          ...metadataOf(issuer),
          authorization_endpoint: `${world.as}/authorize`,
          token_endpoint: `${world.as}/token`,
          registration_endpoint: `${world.as}/register`,
        }),
      )
      expect((await sessionIn(world).authorize()).issuer).toBe(issuer)
    }
  })

  test('C-034 a slash at the end is dropped for the URL and kept for the comparison', async () => {
    const world = fakeWorld({ issuer: 'https://as.example.com/' })
    expect((await sessionIn(world).authorize()).issuer).toBe('https://as.example.com/')
    expect(wellKnown(world)[0]).toBe('https://as.example.com/.well-known/oauth-authorization-server')
    const without = fakeWorld({
      issuer: 'https://as.example.com/',
      serverMetadata: { issuer: 'https://as.example.com' },
    })
    expect((await failureOf(sessionIn(without).authorize())).code).toBe('issuer_mismatch')
  })
})

describe('section 3.3 the issuer must be identical', () => {
  const cases = [
    'https://evil.example',
    'https://as.example.com/',
    'https://AS.example.com',
    'https://as.example.com:443',
    'http://as.example.com',
    'https://as.example.com/t1',
  ]
  test.each(cases)('C-035 %s is refused', async (issuer) => {
    const world = fakeWorld({ serverMetadata: { issuer } })
    expect((await failureOf(sessionIn(world).authorize())).code).toBe('issuer_mismatch')
  })

  test('C-036 a mismatch is final: no other place is tried', async () => {
    const world = fakeWorld({ serverMetadata: { issuer: 'https://evil.example' } })
    world.on('GET', 'https://as.example.com/.well-known/openid-configuration', () => json(metadataOf(world.issuer)))
    expect((await failureOf(sessionIn(world).authorize())).code).toBe('issuer_mismatch')
    expect(wellKnown(world)).toHaveLength(1)
    expect(world.sent('POST', 'https://as.example.com/register')).toHaveLength(0)
  })

  test.each(['https://as.example.com?x=y', 'https://as.example.com#x', 'https://u:p@as.example.com', 'as.example.com'])(
    'section 2 %s is no issuer',
    async (issuer) => {
      const world = fakeWorld({ resourceMetadata: { authorization_servers: [issuer] } })
      expect((await failureOf(sessionIn(world).authorize())).code).toBe('url_refused')
    },
  )
})

describe('C-072 no authorization without PKCE in the metadata', () => {
  const cases: readonly [string, unknown][] = [
    ['absent', undefined],
    ['empty', []],
    ['plain only', ['plain']],
    ['another case', ['s256']],
  ]
  test.each(cases)('C-072 code_challenge_methods_supported %s', async (_name, methods) => {
    for (const openid of [false, true]) {
      const world = fakeWorld({ serverMetadata: { code_challenge_methods_supported: methods } })
      if (openid) {
        const place = 'https://as.example.com/.well-known/openid-configuration'
        world.on('GET', world.serverMetadataUrl, () => json({}, 404))
        world.on('GET', place, () => json({ ...metadataOf(world.issuer), code_challenge_methods_supported: methods }))
      }
      expect((await failureOf(sessionIn(world).authorize())).code).toBe('pkce_unsupported')
      expect(world.sent('POST', 'https://as.example.com/register')).toHaveLength(0)
      expect(world.sent('GET', 'https://as.example.com/authorize')).toHaveLength(0)
    }
  })
})

describe('what else must be right', () => {
  test.each(['authorization_endpoint', 'token_endpoint'])('section 2 %s is needed', async (endpoint) => {
    const world = fakeWorld({ serverMetadata: { [endpoint]: undefined } })
    expect((await failureOf(sessionIn(world).authorize())).code).toBe('endpoint_missing')
  })

  const broken: readonly [string, () => Response, string][] = [
    ['500', () => json({}, 500), 'server_unavailable'],
    ['not JSON', () => new Response('x', { headers: { 'content-type': 'application/json' } }), 'invalid_response'],
    ['HTML', () => new Response('<p>', { headers: { 'content-type': 'text/html' } }), 'invalid_response'],
    [
      'a list where a string belongs',
      () => json({ ...metadataOf('https://as.example.com'), token_endpoint: [] }),
      'invalid_response',
    ],
    ['a redirect', () => Response.redirect('https://as.example.com/x', 307), 'redirect_refused'],
  ]
  test.each(broken)('C-036 %s is an error, not a reason to look elsewhere', async (_name, answer, code) => {
    const world = fakeWorld()
    world.on('GET', world.serverMetadataUrl, answer)
    expect((await failureOf(sessionIn(world).authorize())).code).toBe(code as never)
    expect(wellKnown(world)).toHaveLength(1)
  })

  test('C-037 absent token_endpoint_auth_methods_supported means client_secret_basic only', async () => {
    const world = fakeWorld({ serverMetadata: { token_endpoint_auth_methods_supported: undefined } })
    world.on('POST', 'https://as.example.com/register', ({ body }) =>
      json({ ...JSON.parse(body), client_id: 'c', client_secret: 's' }, 201),
    )
    await sessionIn(world).authorize()
    const registered = JSON.parse(world.sent('POST', 'https://as.example.com/register')[0]?.body ?? '')
    expect(registered.token_endpoint_auth_method).toBe('client_secret_basic')
    expect(world.sent('POST', 'https://as.example.com/token')[0]?.headers.get('authorization')).toBe(
      `Basic ${btoa('c:s')}`,
    )
  })
})
