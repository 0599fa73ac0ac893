/**
 * 429, when somebody asks too often: what it says, how long it says it, and for whom.
 *
 * @see RFC 6585 section 4
 * @see RFC 9110 section 10.2.3
 * @see docs/adr/0111-rate-limits.md
 *
 * @standard RFC 6585: Additional HTTP Status Codes
 * @status implemented
 * @does 429 with `Retry-After` on every endpoint that looks something up (documents and health have no limit), 431
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { createTestServer, postForm } from '../support/authorization-server.ts'
import { expectError } from '../support/oauth-error.ts'

const once = { per_address: 2 }
const server = await createTestServer({
  rate_limits: { token: once, introspect: once, register: { per_address: 3 }, authorize: once, sign_in: once },
})
afterAll(() => server.close())

/** As somebody at an address reaches it: nobody else is limited by it. */
const here = {
  async fetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const request = new Request(`${server.issuer}${String(input)}`, init)
    return (await server.handle(request, '192.0.2.1')) ?? new Response(null, { status: 404 })
  },
}

const form = { grant_type: 'refresh_token', refresh_token: 'x', token: 'x', client_id: 'nobody' }
const register = () =>
  here.fetch('/oauth/register', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })

const endpoints: readonly [string, () => Promise<Response>][] = [
  ['token', () => postForm(here, '/oauth/token', form)],
  ['introspect', () => postForm(here, '/oauth/introspect', form)],
  ['register', register],
]
const pages: readonly [string, () => Promise<Response>][] = [
  ['authorize', () => here.fetch('/oauth/authorize')],
  ['sign-in', () => here.fetch('/sign-in')],
]

/** Asks until it is too much: the answers before, and that one. */
async function exhaust(ask: () => Promise<Response>): Promise<{ readonly before: number; readonly refused: Response }> {
  for (let before = 0; before < 10; before += 1) {
    const response = await ask()
    if (response.status === 429) return { before, refused: response }
  }
  throw new Error('no limit was reached')
}

describe('section 4 the answer', () => {
  test.each(endpoints)(
    'of %s SHOULD explain itself, MAY say when to come back, and MUST NOT be stored',
    async (_, ask) => {
      const { before, refused } = await exhaust(ask)
      expect(before).toBeGreaterThan(0)
      await expectError(refused, 429, 'temporarily_unavailable')
      const seconds = Number(refused.headers.get('retry-after'))
      expect(seconds).toBeGreaterThan(0)
      // A script must be able to read it.
      expect(refused.headers.get('access-control-allow-origin')).toBe('*')
      expect(refused.headers.get('access-control-expose-headers')).toContain('Retry-After')
      server.clock.now += seconds
      expect((await ask()).status).not.toBe(429)
    },
  )

  test.each(pages)('of %s is a page, for it is a person who reads it', async (_, ask) => {
    const { before, refused } = await exhaust(ask)
    expect(before).toBeGreaterThan(0)
    expect(refused.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(refused.headers.get('cache-control')).toBe('no-store')
    server.clock.now += Number(refused.headers.get('retry-after'))
    expect((await ask()).status).not.toBe(429)
  })
})

test('what everybody needs and nothing costs has no limit', async () => {
  for (const path of ['/.well-known/oauth-authorization-server', '/.well-known/jwks.json', '/health/live']) {
    for (let time = 0; time < 10; time += 1) expect((await here.fetch(path)).status).toBe(200)
  }
})
