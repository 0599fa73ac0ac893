import { describe, expect, test } from 'bun:test'
import { admitted, createResourceFixture, type ResourceFixture, refused } from '../support/resource-fixture.ts'

const bearer = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } })
const fetches = ({ issuer }: ResourceFixture): number => issuer.requests.filter((url) => url === issuer.jwksUri).length

describe('RS-047 tokens cannot make the resource hammer the authorization server', () => {
  test('keys are fetched when the first token comes, once for all that come at the same time', async () => {
    const fixture = await createResourceFixture()
    expect(fixture.issuer.requests).toEqual([])
    const token = await fixture.issuer.sign()
    const outcomes = await Promise.all(Array.from({ length: 32 }, () => fixture.send(bearer(token))))
    for (const outcome of outcomes) admitted(outcome)
    expect(fetches(fixture)).toBe(1)
  })

  test('unknown key ids fetch once, then not until the pause is over', async () => {
    const fixture = await createResourceFixture()
    const { clock, issuer, send } = fixture
    admitted(await send(bearer(await issuer.sign())))
    clock.now += 30
    for (let at = 0; at < 20; at += 1)
      expect(refused(await send(bearer(await issuer.sign({}, { kid: `guess-${at}` })))).status).toBe(401)
    expect(fetches(fixture)).toBe(2)
    clock.now += 30
    refused(await send(bearer(await issuer.sign({}, { kid: 'guess' }))))
    expect(fetches(fixture)).toBe(3)
  })

  test('keys that are there but cannot be used are not fetched again for that', async () => {
    const fixture = await createResourceFixture()
    const { clock, issuer, send } = fixture
    const { publicJwk } = issuer
    for (const keys of [[publicJwk, publicJwk], [{ ...publicJwk, x: publicJwk.y ?? '' }]]) {
      issuer.answer(issuer.jwksUri, () => Response.json({ keys }))
      clock.now += 600
      const before = fetches(fixture)
      refused(await send(bearer(await issuer.sign())))
      clock.now += 30
      refused(await send(bearer(await issuer.sign())))
      expect(fetches(fixture) - before).toBe(1)
    }
  })

  test('a key that the server brought into use since is found, and the old one is gone', async () => {
    const fixture = await createResourceFixture()
    const { clock, issuer, send } = fixture
    const old = await issuer.sign()
    admitted(await send(bearer(old)))
    clock.now += 30
    await issuer.rotate()
    admitted(await send(bearer(await issuer.sign())))
    expect(fetches(fixture)).toBe(2)
    expect(refused(await send(bearer(old))).status).toBe(401)
  })

  test('keys are asked for again after ten minutes, so that a withdrawn key dies', async () => {
    const fixture = await createResourceFixture()
    const { clock, issuer, send } = fixture
    const token = await issuer.sign()
    admitted(await send(bearer(token)))
    await issuer.rotate()
    clock.now += 599
    admitted(await send(bearer(token)))
    clock.now += 1
    expect(refused(await send(bearer(token))).status).toBe(401)
  })
})

describe('trouble with the authorization server is nobody else’s fault', () => {
  const troubles: readonly [string, () => Response | Promise<Response>][] = [
    ['it cannot be reached', () => Promise.reject(new TypeError('fetch failed'))],
    ['it answers 500', () => new Response('oops', { status: 500 })],
    ['it answers no JSON', () => new Response('<html>')],
    ['it answers no key set', () => Response.json({ keys: 'none' })],
    ['its keys are endless', () => Response.json({ keys: [], padding: 'x'.repeat(300_000) })],
    ['its keys are too many', () => Response.json({ keys: Array.from({ length: 101 }, () => ({ kty: 'EC' })) })],
  ]
  test.each(troubles)('503 and not 401 when %s', async (_, answer) => {
    const fixture = await createResourceFixture()
    const { clock, events, issuer, send } = fixture
    issuer.answer(issuer.jwksUri, answer)
    const token = await issuer.sign()
    for (let at = 0; at < 5; at += 1) {
      const response = refused(await send(bearer(token)))
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5'])
      expect(response.headers.has('www-authenticate')).toBe(false)
      expect(await response.json()).toMatchObject({ error: 'temporarily_unavailable' })
    }
    expect(fetches(fixture)).toBe(1)
    expect(events.filter(({ type }) => type === 'authorization_server_trouble')).toHaveLength(1)

    issuer.answer(issuer.jwksUri, undefined)
    clock.now += 5
    admitted(await send(bearer(token)))
  })

  test('keys that are known serve on for an hour', async () => {
    const { clock, issuer, send } = await createResourceFixture()
    admitted(await send(bearer(await issuer.sign())))
    issuer.answer(issuer.jwksUri, () => new Response(null, { status: 500 }))
    clock.now += 600 + 3599
    admitted(await send(bearer(await issuer.sign())))
    clock.now += 1
    expect(refused(await send(bearer(await issuer.sign()))).status).toBe(503)
  })

  test('an unknown key while the server is down is undecided', async () => {
    const { clock, issuer, send } = await createResourceFixture()
    admitted(await send(bearer(await issuer.sign())))
    issuer.answer(issuer.jwksUri, () => new Response(null, { status: 500 }))
    await issuer.rotate()
    clock.now += 30
    for (let at = 0; at < 3; at += 1) expect(refused(await send(bearer(await issuer.sign()))).status).toBe(503)
  })

  test('a revocation check that fails is undecided too', async () => {
    const isRevoked = () => Promise.reject(new Error('database is down'))
    const { events, issuer, send } = await createResourceFixture({ isRevoked })
    expect(refused(await send(bearer(await issuer.sign()))).status).toBe(503)
    expect(events).toEqual([{ type: 'refused', reason: 'revocation_unavailable', status: 503 }])
  })
})
