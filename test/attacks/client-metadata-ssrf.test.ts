/**
 * SSRF through metadata: a hostile MCP server or authorization server names URLs inside the client's network.
 *
 * @see MCP 2026-07-28, security best practices, "SSRF"
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { requestJson } from '../../client/http/request-json.ts'
import { toContext } from '../../client/session/options.ts'
import { failureOf, sessionIn } from '../support/client.ts'
import { type FakeWorld, fakeWorld, json } from '../support/fake-authorization-server.ts'
import { dpopWorld } from '../support/fake-dpop-world.ts'

const INSIDE = [
  'http://169.254.169.254/latest/meta-data',
  'https://169.254.169.254/latest/meta-data',
  'https://[fd00:ec2::254]/latest',
  'https://metadata.google.internal/computeMetadata',
  'http://localhost:6379/',
  'https://127.0.0.1/admin',
  'https://10.0.0.1/admin',
  'https://192.168.0.1/router',
  'https://[::1]/admin',
  'https://[::ffff:10.0.0.1]/admin',
  'https://2130706433/admin',
  'http://as.example.com/plain',
  'file:///etc/passwd',
  'gopher://as.example.com/',
  'https://user:pass@as.example.com/',
]

const ENDPOINTS = ['authorization_endpoint', 'token_endpoint', 'registration_endpoint', 'revocation_endpoint']

/** Signs in and out as far as it goes; nothing inside may have been asked. */
async function expectNothingInside(world: FakeWorld): Promise<void> {
  const session = sessionIn(world)
  expect((await failureOf(session.authorize())).code).toBe('url_refused')
  const allowed = [new URL(world.resource).origin, 'https://as.example.com']
  for (const { url } of world.requests) expect(allowed).toContain(new URL(url).origin)
}

describe.each(INSIDE)('%s', (inside) => {
  test('SEC-010 SEC-012 as authorization server', async () => {
    await expectNothingInside(fakeWorld({ resourceMetadata: { authorization_servers: [inside] } }))
  })

  test.each(ENDPOINTS)('SEC-010 SEC-012 as %s', async (endpoint) => {
    await expectNothingInside(fakeWorld({ serverMetadata: { [endpoint]: inside } }))
  })

  test('SEC-010 as resource_metadata of the challenge', async () => {
    const world = fakeWorld()
    const challenge = `Bearer resource_metadata="${inside}"`
    world.on(
      'POST',
      world.resource,
      () => new Response(null, { status: 401, headers: { 'www-authenticate': challenge } }),
    )
    await expectNothingInside(world)
  })
})

describe('by redirect', () => {
  const places: readonly [string, string, (world: FakeWorld) => string][] = [
    ['the resource metadata', 'GET', (world) => world.metadataUrl],
    ['the server metadata', 'GET', (world) => world.serverMetadataUrl],
    ['the registration', 'POST', (world) => `${world.as}/register`],
    ['the token request', 'POST', (world) => `${world.as}/token`],
  ]
  test.each(places)('SEC-013 %s is not redirected, even to a public place', async (_name, method, place) => {
    for (const [status, location] of [
      [302, 'http://169.254.169.254/latest'],
      [307, 'https://elsewhere.example/'],
      [308, 'https://as.example.com/other'],
    ] as const) {
      const world = fakeWorld()
      world.on(method, place(world), () => new Response(null, { status, headers: { location } }))
      expect((await failureOf(sessionIn(world).authorize())).code).toBe('redirect_refused')
      expect(world.requests.some(({ url }) => url === location)).toBe(false)
    }
  })

  test('SEC-013 the runtime is told not to follow, in every request', async () => {
    const world = fakeWorld({ expiresIn: 100 })
    const session = sessionIn(world)
    await session.authorize()
    world.clock.now += 100
    await session.fetch(world.resource)
    await session.logout()
    const own = world.requests.filter(({ method, url }) => method === 'POST' || url !== world.resource)
    expect(own.length).toBeGreaterThan(7)
    expect(own.filter(({ redirect }) => redirect !== 'manual')).toEqual([])
  })

  test('SEC-013 a fetch that follows nevertheless is noticed', async () => {
    const world = fakeWorld()
    const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
      const response = await world.fetch(input, init)
      if (String(input) === world.metadataUrl) Object.defineProperty(response, 'redirected', { value: true })
      return response
    }
    expect((await failureOf(sessionIn(world, { fetch }).authorize())).code).toBe('redirect_refused')
  })
})

describe('the one door', () => {
  test.each(INSIDE)('SEC-010 nothing goes to %s, wherever the URL comes from', async (url) => {
    const world = fakeWorld()
    const context = toContext(world.resource, { fetch: world.fetch })
    expect((await failureOf(requestJson(context, { purpose: 'token', url }))).code).toBe('url_refused')
    expect(world.requests).toEqual([])
  })
})

describe('a program in the place of a person', () => {
  test('SEC-013 follow() does not leave the authorization server', async () => {
    const world = fakeWorld()
    const elsewhere = 'https://intranet.example/page'
    world.on('GET', 'https://as.example.com/authorize', () => Response.redirect(elsewhere, 302))
    expect((await failureOf(sessionIn(world).authorize())).code).toBe('interaction_failed')
    expect(world.sent('GET', elsewhere)).toEqual([])
  })
})

describe('the probe', () => {
  test('SEC-013 a resource that redirects the first request leads nowhere', async () => {
    const world = fakeWorld()
    world.on('POST', world.resource, () => Response.redirect('http://169.254.169.254/', 307))
    await sessionIn(world).authorize()
    expect(world.requests.some(({ url }) => url.includes('169.254'))).toBe(false)
  })
})

describe('the other metadata may not speak for this resource', () => {
  test('SEC-010 resource_metadata on another host', async () => {
    const world = fakeWorld()
    const elsewhere = 'https://cdn.example.net/metadata'
    const challenge = `Bearer resource_metadata="${elsewhere}"`
    world.on(
      'POST',
      world.resource,
      () => new Response(null, { status: 401, headers: { 'www-authenticate': challenge } }),
    )
    world.on('GET', elsewhere, () => json({ resource: world.resource, authorization_servers: [world.issuer] }))
    expect((await failureOf(sessionIn(world).authorize())).code).toBe('url_refused')
    expect(world.sent('GET', elsewhere)).toEqual([])
  })
})

test('SEC-014 an egress proxy has its place: every request of a session leaves by the `fetch` that it was given', async () => {
  const world = dpopWorld({ expiresIn: 900 })
  const ambient = globalThis.fetch
  const past: unknown[] = []
  globalThis.fetch = Object.assign(
    async (input: unknown) => {
      past.push(input)
      return new Response(null, { status: 502 })
    },
    { preconnect: ambient.preconnect },
  )
  try {
    const session = sessionIn(world)
    await session.authorize()
    world.clock.now += 900
    expect((await session.fetch(world.resource)).status).toBe(200)
    await session.logout()
  } finally {
    globalThis.fetch = ambient
  }
  const through = world.requests.map(({ method, url }) => `${method} ${new URL(url).pathname}`)
  for (const step of ['POST /register', 'GET /authorize', 'POST /token', 'POST /revoke'])
    expect(through).toContain(step)
  expect(past).toEqual([])
})
