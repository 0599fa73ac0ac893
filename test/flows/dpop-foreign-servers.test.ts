/**
 * Our client between servers that are not ours: node-oidc-provider, and a resource that gives out a nonce for each request.
 *
 * @see RFC 9449 section 8, section 9
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { createSession, type SessionEvent, type SessionOptions } from '../../client/index.ts'
import { person } from '../support/client.ts'
import { type ForeignServers, startForeignServers } from '../support/foreign-servers.ts'

let servers: ForeignServers
beforeAll(async () => {
  servers = await startForeignServers()
})
afterAll(() => servers.close())

async function signedIn(options: SessionOptions = {}) {
  const events: SessionEvent[] = []
  const interaction = person((url) => servers.visit(url))
  const session = createSession(servers.resource, { interaction, onEvent: (event) => events.push(event), ...options })
  const grant = await session.authorize()
  servers.judged.length = 0
  const retries = () => events.flatMap((event) => (event.type === 'dpop_retried' ? [event.because] : []))
  return { session, grant, retries }
}

describe('node-oidc-provider with nonces', () => {
  test('DPOP-C2 DPOP-C3 the code becomes a bound token, and the resource takes it with a nonce for each request', async () => {
    const { session, grant, retries } = await signedIn({ dpop: 'required' })
    expect(grant).toMatchObject({ tokenType: 'DPoP', refreshable: true, issuer: servers.issuer })
    expect(retries()).toEqual(['nonce'])
    for (let call = 0; call < 3; call += 1) {
      const answer = await session.fetch(servers.resource, { method: 'POST', body: '{}' })
      expect(await answer.json()).toEqual({ sub: 'ada' })
    }
    expect(servers.judged).toEqual(['use_dpop_nonce', 'ok', 'ok', 'ok'])
  })

  test('RFC 9449 section 5 a refresh token that is bound to the key is rotated', async () => {
    const { session } = await signedIn()
    await session.fetch(servers.resource)
    const before = servers.shown.at(-1) ?? ''
    servers.ended.add(before)
    expect((await session.fetch(servers.resource)).status).toBe(200)
    expect(servers.shown.at(-1)).not.toBe(before)
    expect(servers.judged.slice(-2)).toEqual(['invalid_token', 'ok'])
  })

  test('a clock that is ten minutes ahead', async () => {
    const { session, grant, retries } = await signedIn({ now: () => Math.floor(Date.now() / 1000) + 600 })
    expect(grant.tokenType).toBe('DPoP')
    // It believes the nonce. The resource looks at the time.
    expect(retries()).toEqual(['nonce'])
    expect((await session.fetch(servers.resource)).status).toBe(200)
    expect(retries()).toEqual(['nonce', 'clock'])
  })

  test('DPOP-C3 a nonce is good for one request: of many at once, each is sent again with its own', async () => {
    const { session } = await signedIn()
    for (let round = 0; round < 3; round += 1) {
      const answers = await Promise.all([1, 2, 3, 4].map(() => session.fetch(servers.resource)))
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    }
    expect(servers.judged.length).toBeLessThanOrEqual(24)
  })

  test('"off" gets Bearer there, which this resource does not take', async () => {
    const { session, grant } = await signedIn({ dpop: 'off' })
    expect(grant.tokenType).toBe('Bearer')
    expect((await session.fetch(servers.resource)).status).toBe(401)
  })
})
