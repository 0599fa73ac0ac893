/**
 * Secrets in logs: what a session tells a tracer, and what its errors say, may be written anywhere.
 *
 * @see MCP 2026-07-28, security considerations, "Token Theft"
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import { memoryStore, SallyportError, type SessionEvent } from '../../client/index.ts'
import { approve, attendedSessionIn } from '../support/client.ts'
import { fakeWorld, oauthError } from '../support/fake-authorization-server.ts'

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
