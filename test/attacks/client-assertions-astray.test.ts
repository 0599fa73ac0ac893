/**
 * Assertions and tokens of persons that somebody wants to see: a resource names an authorization server of its own, a server answers with
 * pages, redirects or the key of somebody else. What was sent to whom is what counts.
 *
 * @see draft-ietf-oauth-identity-assertion-authz-grant-05 (in preparation) section 9.4: a malicious resource
 * @see MCP 2026-07-28, security best practices, "Confused Deputy", "SSRF"
 * @see docs/adr/0199-what-is-shown-to-whom.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { tokenExchange, workloadIdentity } from '../../client/grants/index.ts'
import { createSession, type GrantType, type SallyportErrorCode, type SessionOptions } from '../../client/index.ts'
import { failureOf } from '../support/client.ts'
import { json } from '../support/fake-authorization-server.ts'
import { AS, employeeIn, type FakeCompany, fakeCompany, IDP, IDP_TOKEN, sign, TOKEN } from '../support/fake-company.ts'

const EVIL = 'https://evil.example'

/** A resource that names `EVIL` for its authorization server, which works, and keeps what it is sent. */
function betrayed(metadata: Record<string, unknown> = {}): FakeCompany {
  const world = fakeCompany({ resourceMetadata: { authorization_servers: [EVIL] } })
  world.on('GET', `${EVIL}/.well-known/oauth-authorization-server`, () =>
    json({ issuer: EVIL, token_endpoint: `${EVIL}/token`, ...metadata }),
  )
  world.on('POST', `${EVIL}/token`, () => json({ access_token: 'bait', token_type: 'Bearer' }))
  return world
}

const badge = await sign({ iss: 'https://cluster.example', sub: 'w', aud: [AS, EVIL], exp: 2_000_000, jti: 'j' })
const secrets = ['id-token', 'idp-secret', 'as-secret', 'callers-token', 'own-token', badge]

const sentTo = (world: FakeCompany, origin: string) =>
  world.requests.filter(({ url, method }) => url.startsWith(origin) && method === 'POST')

const sessionWith = (world: FakeCompany, grant: GrantType, options: SessionOptions = {}) =>
  createSession(world.resource, { grant, fetch: world.fetch, now: world.now, ...options })

describe('a resource that points to a foreign authorization server', () => {
  const client = { id: 'acme-notes' }
  const cases: readonly (readonly [string, (world: FakeCompany) => Promise<unknown>])[] = [
    ['crossAppAccess, with the credentials of a server', (world) => employeeIn(world).authorize()],
    ['crossAppAccess, with an issuer of its own', (world) => employeeIn(world, { client }, { issuer: AS }).authorize()],
    [
      'tokenExchange',
      (world) =>
        sessionWith(world, tokenExchange({ issuer: AS, subject: 'callers-token', actor: 'own-token' }), {
          client,
        }).authorize(),
    ],
    [
      'workloadIdentity, though the JWT would do there',
      (world) => sessionWith(world, workloadIdentity({ issuer: AS, assertion: badge })).authorize(),
    ],
  ]
  test.each(cases)('%s: nothing goes there, and nobody is asked for anything', async (_, run) => {
    const world = betrayed()
    expect((await failureOf(run(world))).code).toBe('client_issuer_mismatch')
    expect([...sentTo(world, EVIL), ...world.exchanges()]).toEqual([])
  })

  test('one that is set up for no server in particular gets an ID-JAG for that very one, and no other', async () => {
    const world = betrayed()
    await employeeIn(world, { client }).authorize()
    expect(world.exchanges()[0]?.form.get('audience')).toBe(EVIL)
    expect(secrets.filter((secret) => sentTo(world, EVIL).some(({ body }) => body.includes(secret)))).toEqual([])
  })

  test('EMA-C12 metadata that claims to be the good server is no reason to send it anything', async () => {
    const world = betrayed({ issuer: AS })
    expect((await failureOf(employeeIn(world, { client }).authorize())).code).toBe('issuer_mismatch')
    expect([...sentTo(world, EVIL), ...world.exchanges()]).toEqual([])
  })

  test('EMA-C12 the right issuer with the token endpoint of somebody else: an ID-JAG for the issuer is all that goes there', async () => {
    const world = fakeCompany({ serverMetadata: { token_endpoint: 'https://10.0.0.1/token' } })
    expect((await failureOf(employeeIn(world).authorize())).code).toBe('url_refused')
    expect(world.exchanges()).toEqual([])
  })
})

describe('an identity provider that answers with something else', () => {
  const answers: readonly (readonly [string, () => Response, SallyportErrorCode])[] = [
    [
      'a page',
      () => new Response('<h1>Sign in</h1>', { headers: { 'content-type': 'text/html' } }),
      'invalid_response',
    ],
    ['500', () => new Response('trace', { status: 500 }), 'server_unavailable'],
    ['429', () => json({ error: 'invalid_grant' }, 429, { 'retry-after': '7' }), 'server_unavailable'],
    [
      'a redirect',
      () => new Response(null, { status: 307, headers: { location: `${EVIL}/token` } }),
      'redirect_refused',
    ],
    ['no assertion', () => json({ issued_token_type: 'urn:ietf:params:oauth:token-type:id-jag' }), 'invalid_response'],
    ['two megabytes', () => json({ access_token: 'a'.repeat(2_000_000) }), 'response_too_large'],
  ]
  test.each(answers)('%s: the authorization server hears nothing of it', async (_, answer, code) => {
    const world = fakeCompany()
    world.on('POST', IDP_TOKEN, answer)
    expect((await failureOf(employeeIn(world).fetch(world.resource))).code).toBe(code)
    expect([...sentTo(world, AS), ...sentTo(world, EVIL)]).toEqual([])
  })

  test('trouble passes: the next call works', async () => {
    const world = fakeCompany()
    const session = employeeIn(world)
    world.on('POST', IDP_TOKEN, () => new Response('', { status: 502 }))
    expect(await failureOf(session.fetch(world.resource))).toMatchObject({ retryable: true, interactive: false })
    world.on('POST', IDP_TOKEN, world.exchange)
    expect((await session.fetch(world.resource)).status).toBe(200)
  })

  test('its metadata cannot send the identity elsewhere inside', async () => {
    const world = fakeCompany({ idpMetadata: { token_endpoint: 'http://169.254.169.254/token' } })
    expect((await failureOf(employeeIn(world).authorize())).code).toBe('url_refused')
    expect(world.requests.some(({ body }) => body.includes('id-token'))).toBe(false)
  })
})

describe('an authorization server that answers with something else', () => {
  test.each([
    ['a page', () => new Response('<h1>Hello</h1>', { headers: { 'content-type': 'text/html' } }), 'invalid_response'],
    ['500', () => new Response('trace', { status: 500 }), 'server_unavailable'],
    [
      'a redirect',
      () => new Response(null, { status: 308, headers: { location: `${EVIL}/token` } }),
      'redirect_refused',
    ],
  ] as const)('%s: the assertion goes nowhere else', async (_, answer, code) => {
    const world = fakeCompany()
    world.on('POST', TOKEN, answer)
    const session = employeeIn(world)
    expect((await failureOf(session.fetch(world.resource))).code).toBe(code)
    expect(sentTo(world, EVIL)).toEqual([])
    expect(await session.status()).toBe('signed-out')
  })
})

describe('EMA-C18 the binding is not taken off on the way', () => {
  const algs = { dpop_signing_alg_values_supported: ['ES256'] }
  const cases: readonly (readonly [string, Record<string, unknown>, SallyportErrorCode])[] = [
    ['no key', { cnf: undefined }, 'dpop_downgrade'],
    ['the key of somebody else', { cnf: { jkt: 'A'.repeat(43) } }, 'assertion_unusable'],
    ['a key in another way', { cnf: { 'x5t#S256': 'A'.repeat(43) } }, 'assertion_unusable'],
  ]
  test.each(cases)('%s', async (_, claims, code) => {
    const world = fakeCompany({ serverMetadata: algs, idpMetadata: algs })
    world.jag.claims = claims
    expect((await failureOf(employeeIn(world, { dpop: 'required' }).authorize())).code).toBe(code)
    expect(world.redemptions()).toEqual([])
  })

  test('a Bearer answer to a bound ID-JAG', async () => {
    const world = fakeCompany({ serverMetadata: algs, idpMetadata: algs })
    world.on('POST', TOKEN, () => json({ access_token: 'a', token_type: 'Bearer' }))
    expect((await failureOf(employeeIn(world, { dpop: 'required' }).authorize())).code).toBe('dpop_downgrade')
  })
})

test('the host’s own headers go to neither of them', async () => {
  const world = fakeCompany()
  await employeeIn(world).fetch(world.resource, { headers: { 'x-api-key': 'host-key', cookie: 'c=1' } })
  for (const { url, headers } of world.requests) {
    if (url.startsWith(IDP) || url.startsWith(AS)) {
      expect([headers.has('x-api-key'), headers.has('cookie')]).toEqual([false, false])
    }
  }
  expect(world.exchanges()).toHaveLength(1)
})
