/**
 * Secrets in logs: what a session tells a tracer, and what its errors say, may be written anywhere.
 *
 * @see MCP 2026-07-28, security considerations, "Token Theft"
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import {
  createSession,
  deviceCode,
  memoryStore,
  SallyportError,
  type SessionEvent,
  showCode,
} from '../../client/index.ts'
import { approve, attendedSessionIn } from '../support/client.ts'
import { fakeWorld, json, oauthError } from '../support/fake-authorization-server.ts'

test('C-103 C-104 no token, code, verifier, state or secret is in any event or error', async () => {
  const world = fakeWorld({
    expiresIn: 100,
    challengeScope: 'read',
    serverMetadata: { token_endpoint: 'https://as.example.com/token?key=query-canary' },
  })
  const told: unknown[] = []
  const onEvent = (event: SessionEvent): void => void told.push(event)
  const session = attendedSessionIn(world, approve(world), {
    onEvent,
    store: memoryStore(),
    client: { id: 'known', secret: 'client-secret-canary', issuer: world.issuer },
  })
  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    await work().catch((error) => {
      if (!(error instanceof SallyportError)) throw error
      told.push(inspect(error, { depth: 9 }), JSON.stringify(error))
    })
  }

  await attempt(() => session.fetch(`${world.resource}?api_key=query-canary`))
  await attempt(() => session.authorize())
  world.clock.now += 100
  await attempt(() => session.fetch(world.resource))
  world.mcp.scope = ['write']
  await attempt(() => session.fetch(world.resource))
  await attempt(() => session.authorize())
  world.on('POST', 'https://as.example.com/token', () => oauthError('invalid_grant', 400, 'bad token'))
  world.clock.now += 100
  await attempt(() => session.fetch(world.resource))
  await attempt(() => session.authorize())
  await attempt(() => session.logout())

  const kinds = new Set(told.map((entry) => (typeof entry === 'object' ? Reflect.get(entry ?? {}, 'type') : 'error')))
  for (const kind of [
    'request',
    'challenged',
    'authorized',
    'refreshed',
    'refresh_failed',
    'authorization_required',
    'signed_out',
    'error',
  ]) {
    expect(kinds).toContain(kind)
  }
  const text = told.map((entry) => (typeof entry === 'string' ? entry : JSON.stringify(entry))).join('\n')
  const secrets = world.requests.flatMap(({ form, query }) =>
    ['code', 'code_verifier', 'refresh_token', 'token', 'state', 'code_challenge'].flatMap((name) => [
      ...form.getAll(name),
      ...query.getAll(name),
    ]),
  )
  expect(secrets.length).toBeGreaterThan(8)
  for (const secret of [
    ...secrets,
    ...world.tokens.keys(),
    'client-secret-canary',
    'query-canary',
    btoa('known:client-secret-canary'),
  ]) {
    expect(text).not.toContain(secret)
  }
})

test('C-103 SEC-003 nor the codes of devices, nor assertions, nor what a grant of a host sends', async () => {
  const world = fakeWorld({
    serverMetadata: {
      device_authorization_endpoint: 'https://as.example.com/device',
      token_endpoint_auth_methods_supported: ['private_key_jwt'],
    },
  })
  const code = {
    device_code: 'device-canary',
    user_code: 'USER-CANARY',
    verification_uri: 'https://as.example.com/enter',
  }
  world.on('POST', 'https://as.example.com/device', () => json({ ...code, expires_in: 60 }))
  const answers = [oauthError('authorization_pending'), json({ access_token: 'access-canary', token_type: 'Bearer' })]
  world.on('POST', 'https://as.example.com/token', () => answers.shift() ?? oauthError('invalid_grant'))
  const told: unknown[] = []
  const auth = { method: 'private_key_jwt', alg: 'ES256', assertion: async () => 'assertion-canary' } as const
  const session = createSession(world.resource, {
    fetch: world.fetch,
    now: world.now,
    sleep: async () => {},
    grant: deviceCode(),
    interaction: showCode(() => {}),
    client: { id: 'tv', issuer: world.issuer, auth },
    onEvent: (event) => void told.push(event),
  })
  await session.authorize()
  await session.authorize({ force: true }).catch((error) => told.push(inspect(error, { depth: 9 })))
  const text = told.map((entry) => (typeof entry === 'string' ? entry : JSON.stringify(entry))).join('\n')
  expect(text).toContain('invalid_grant')
  expect(world.requests.some(({ body }) => body.includes('device-canary') && body.includes('assertion-canary'))).toBe(
    true,
  )
  expect(text.toLowerCase()).not.toContain('canary')
})

describe('the same secret is recognisable', () => {
  test('by the start of its SHA-256', async () => {
    const world = fakeWorld()
    const events: SessionEvent[] = []
    const session = attendedSessionIn(world, approve(world), { onEvent: (event) => void events.push(event) })
    await session.authorize()
    const authorized = events.find((event) => event.type === 'authorized')
    const digest = createHash('sha256').update('access-3').digest('hex')
    expect(authorized?.accessToken).toBe(digest.slice(0, 12))
  })
})
