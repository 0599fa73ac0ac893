/**
 * Grants that a host hands in: its own, and a refresh token from elsewhere. What all grants have in common stays the session's.
 *
 * @see RFC 6749 section 4.5, section 6
 * @see RFC 7521 section 4.1
 * @see docs/adr/0150-grants-are-handed-in.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import {
  createSession,
  defineGrant,
  type GrantDefinition,
  type GrantStep,
  type GrantType,
  memoryStore,
  refreshToken,
  type SessionEvent,
  type SessionOptions,
} from '../../client/index.ts'
import { failureOf } from '../support/client.ts'
import { type FakeWorld, fakeWorld, json, oauthError } from '../support/fake-authorization-server.ts'
import { dpopWorld } from '../support/fake-dpop-world.ts'

const AS = 'https://as.example.com'
const TOKEN = `${AS}/token`
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const AGENT = { id: 'agent-7', secret: 's', issuer: AS }

/** A grant that exchanges something at a company's own server first. */
const exchange = (obtain: GrantDefinition['obtain'], more: Partial<GrantDefinition> = {}): GrantType =>
  defineGrant({ name: JWT_BEARER, unattended: true, obtain, ...more })
const assertion: GrantDefinition['obtain'] = ({ token, issuer }) =>
  token({ grant_type: JWT_BEARER, assertion: `for ${issuer}` })

const sessionWith = (world: Pick<FakeWorld, 'resource' | 'fetch' | 'now'>, options: SessionOptions) =>
  createSession(world.resource, { fetch: world.fetch, now: world.now, client: AGENT, ...options })

/** A world that gives tokens for whatever grant. */
function generous(expiresIn = 900): FakeWorld {
  const world = fakeWorld({ expiresIn })
  let serial = 0
  world.on('POST', TOKEN, () => {
    serial += 1
    world.tokens.set(`own-${serial}`, { scope: ['read'], expiresAt: world.clock.now + expiresIn })
    return json({ access_token: `own-${serial}`, token_type: 'Bearer', expires_in: expiresIn, scope: 'read' })
  })
  return world
}

describe("section 4.5 a grant of the host's own", () => {
  test('C-074 C-055 what it asks for is sent with resource and authentication, and the token is used', async () => {
    const world = generous()
    const session = sessionWith(world, { grant: exchange(assertion) })
    expect((await session.fetch(world.resource)).status).toBe(200)
    const [request] = world.sent('POST', TOKEN)
    expect(Object.fromEntries(request?.form ?? [])).toEqual({
      grant_type: JWT_BEARER,
      assertion: `for ${AS}`,
      resource: world.resource,
    })
    expect(request?.headers.get('authorization')).toBe(`Basic ${btoa('agent-7:s')}`)
  })

  test('it is given what was discovered', async () => {
    const world = generous()
    const steps: GrantStep[] = []
    const grant = exchange((step) => {
      steps.push(step)
      return assertion(step)
    })
    await sessionWith(world, { grant, scope: 'read' }).authorize()
    expect(steps[0]).toMatchObject({
      resource: world.resource,
      indicator: world.resource,
      issuer: AS,
      clientId: 'agent-7',
      scope: ['read'],
      server: { token_endpoint: TOKEN },
    })
    expect(steps[0]?.now()).toBe(world.clock.now)
  })

  test('section 4.1 of RFC 7521: without a client id, where the grant does without one', async () => {
    const world = generous()
    const session = sessionWith(world, { client: {}, grant: exchange(assertion, { anonymous: true }) })
    expect((await session.fetch(world.resource)).status).toBe(200)
    const [request] = world.sent('POST', TOKEN)
    expect([request?.form.has('client_id'), request?.headers.has('authorization')]).toEqual([false, false])
    expect(world.sent('POST', `${AS}/register`)).toEqual([])
  })

  test('and with the configured one all the same, where there is one', async () => {
    const world = generous()
    await sessionWith(world, { grant: exchange(assertion, { anonymous: true }) }).authorize()
    expect(world.sent('POST', TOKEN)[0]?.headers.get('authorization')).toBe(`Basic ${btoa('agent-7:s')}`)
  })

  test('CC-02 a document that the server does not read is no reason to register an agent', async () => {
    const world = generous()
    const client = { metadataUrl: 'https://app.example/agent.json' }
    const failure = await failureOf(sessionWith(world, { client, grant: exchange(assertion) }).authorize())
    expect(failure.code).toBe('registration_unavailable')
    expect(world.sent('POST', `${AS}/register`)).toEqual([])
  })

  test('its tokens are bound to a key, and proven, like any', async () => {
    const world = dpopWorld()
    const token = (form: URLSearchParams) => json({ access_token: `of ${form.get('assertion')}`, token_type: 'Bearer' })
    world.on('POST', TOKEN, ({ form }) => {
      world.tokens.set(`of ${form.get('assertion')}`, { scope: [], expiresAt: world.clock.now + 900 })
      return token(form)
    })
    const own: GrantDefinition['obtain'] = ({ token: ask }) => ask({ grant_type: JWT_BEARER, assertion: 'a' })
    const session = sessionWith(world, { grant: exchange(own), dpop: 'required' })
    expect((await session.authorize()).tokenType).toBe('DPoP')
    expect(world.at('server')[0]?.jkt).toMatch(/^[\w-]{43}$/)
  })

  test('what it throws is the cause of grant_failed; an error of ours passes as it is', async () => {
    const world = generous()
    const broken = exchange(() => Promise.reject(new RangeError('no badge')))
    const failure = await failureOf(sessionWith(world, { grant: broken }).authorize())
    expect(failure).toMatchObject({ code: 'grant_failed', cause: expect.any(RangeError) })
    world.on('POST', TOKEN, () => oauthError('invalid_grant', 400, 'the badge is a fake'))
    expect(await failureOf(sessionWith(world, { grant: exchange(assertion) }).authorize())).toMatchObject({
      code: 'invalid_grant',
      errorDescription: 'the badge is a fake',
    })
  })

  test('SEC-010 what it sends elsewhere goes through the same door', async () => {
    const world = generous()
    const to = (url: string) =>
      exchange(async ({ post, token }) => {
        const { json: answer } = await post(url, { subject_token: 'badge' })
        return token({ grant_type: JWT_BEARER, assertion: JSON.stringify(answer) })
      })
    world.on('POST', 'https://idp.example/token', () => json({ badge: 1 }))
    await sessionWith(world, { grant: to('https://idp.example/token') }).authorize()
    const [sent] = world.sent('POST', 'https://idp.example/token')
    expect([sent?.body, sent?.headers.has('authorization'), sent?.redirect]).toEqual([
      'subject_token=badge',
      false,
      'manual',
    ])
    expect(world.sent('POST', TOKEN)[0]?.form.get('assertion')).toBe('{"badge":1}')
    const inside = sessionWith(world, { grant: to('https://10.0.0.1/token') })
    expect((await failureOf(inside.authorize())).code).toBe('url_refused')
  })

  test('C-063 it is used at its own issuer only', async () => {
    const world = generous()
    const grant = exchange(assertion, { issuer: 'https://other.example' })
    const failure = await failureOf(sessionWith(world, { client: { id: 'a' }, grant }).authorize())
    expect(failure.code).toBe('client_issuer_mismatch')
    expect(world.sent('POST', TOKEN)).toEqual([])
  })

  test('C-018 of several servers the one that it is for', async () => {
    const world = fakeWorld({ resourceMetadata: { authorization_servers: ['https://other.example', AS] } })
    world.on('POST', TOKEN, () => json({ access_token: 'a', token_type: 'Bearer' }))
    const grant = exchange(assertion, { issuer: AS })
    expect((await sessionWith(world, { client: { id: 'a' }, grant }).authorize()).issuer).toBe(AS)
  })

  test('a grant that waits for a person does not run inside a request', async () => {
    const world = generous()
    const session = sessionWith(world, { grant: { ...exchange(assertion), unattended: false } })
    expect((await failureOf(session.fetch(world.resource))).code).toBe('authorization_required')
    await session.authorize()
    expect((await session.fetch(world.resource)).status).toBe(200)
  })
})

describe('section 6 a refresh token from elsewhere', () => {
  const from = (refresh: string, issuer = AS) => refreshToken({ refreshToken: refresh, issuer })
  const client = { id: 'known' }

  test('begins the session, and what it is rotated to goes on', async () => {
    const world = fakeWorld({ expiresIn: 100 })
    world.refreshTokens.set('seed', { used: false, scope: ['read'] })
    const store = memoryStore(world.now)
    const open = () => sessionWith(world, { client, store, grant: from('seed') })
    expect((await open().fetch(world.resource)).status).toBe(200)
    world.clock.now += 100
    expect((await open().fetch(world.resource)).status).toBe(200)
    const sent = world.sent('POST', TOKEN).map(({ form }) => form.get('refresh_token'))
    expect(sent[0]).toBe('seed')
    expect(sent[1]).toMatch(/^refresh-/)
  })

  test('where it is not rotated, it stays', async () => {
    const world = fakeWorld({ expiresIn: 100 })
    world.on('POST', TOKEN, () => {
      world.tokens.set('a', { scope: [], expiresAt: world.clock.now + 100 })
      return json({ access_token: 'a', token_type: 'Bearer', expires_in: 100 })
    })
    const session = sessionWith(world, { client, grant: from('seed') })
    expect((await session.authorize()).refreshable).toBe(true)
    world.clock.now += 100
    await session.fetch(world.resource)
    expect(world.sent('POST', TOKEN).map(({ form }) => form.get('refresh_token'))).toEqual(['seed', 'seed'])
  })

  test('C-061 it is shown to no other server than the one that it comes from', async () => {
    const world = fakeWorld()
    const session = sessionWith(world, { client, grant: from('seed', 'https://other.example') })
    expect((await failureOf(session.authorize())).code).toBe('client_issuer_mismatch')
    expect(world.requests.some(({ body }) => body.includes('seed'))).toBe(false)
  })

  test('one that is dead is final', async () => {
    const world = fakeWorld()
    const session = sessionWith(world, { client, grant: from('unknown') })
    expect(await failureOf(session.authorize())).toMatchObject({ code: 'invalid_grant', final: true })
  })
})

test('onEvent: every request, the ones to the resource too, and which grant ran', async () => {
  const world = generous()
  const events: SessionEvent[] = []
  const session = sessionWith(world, { grant: exchange(assertion), onEvent: (event) => void events.push(event) })
  await session.fetch(`${world.resource}?key=canary`, { method: 'POST' })
  world.on('POST', world.resource, () => Promise.reject(new TypeError('down')))
  await session.fetch(world.resource, { method: 'POST' }).catch(() => {})
  const told = events.flatMap((event) => {
    if (event.type === 'request') return [`${event.purpose} ${event.method} ${event.status}`]
    if (event.type === 'request_failed') return [`${event.purpose} ${event.code}`]
    return event.type === 'grant_started' ? [event.grant] : []
  })
  expect(told).toEqual([
    'resource POST 401',
    'resource_metadata GET 200',
    'server_metadata GET 200',
    JWT_BEARER,
    'token POST 200',
    'resource POST 200',
    'resource network_error',
  ])
  expect(JSON.stringify(events)).not.toContain('canary')
})
