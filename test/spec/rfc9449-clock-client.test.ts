/**
 * A clock that is wrong is corrected by the server's, for that server, once in a request.
 *
 * @see RFC 9449 section 4.3 (`iat` is recent), section 11.1
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { SallyportError, type SessionEvent } from '../../client/index.ts'
import { failureOf, sessionIn } from '../support/client.ts'
import { json } from '../support/fake-authorization-server.ts'
import { dpopWorld, type SeenRequest } from '../support/fake-dpop-world.ts'

const times = (requests: readonly SeenRequest[], now: number): unknown[] =>
  requests.flatMap(({ proof }) => (proof?.claims.iat === undefined ? [] : [proof.claims.iat - now]))

describe.each([3600, -3600])('a clock that is %i s from ours', (ahead) => {
  test('of the authorization server: corrected once, remembered, and not for the resource', async () => {
    const world = dpopWorld()
    const { now } = world.clock
    world.server.ahead = ahead
    const events: SessionEvent[] = []
    const session = sessionIn(world, { onEvent: (event) => events.push(event) })
    expect((await session.authorize()).tokenType).toBe('DPoP')
    world.forgetAccessTokens()
    expect((await session.fetch(world.resource)).status).toBe(200)
    expect(times(world.at('server'), now)).toEqual([0, ahead, ahead])
    expect(new Set(times(world.at('resource'), now))).toEqual(new Set([0]))
    expect(events.filter(({ type }) => type === 'dpop_retried')).toEqual([
      { type: 'dpop_retried', url: `${world.as}/token`, because: 'clock' },
    ])
  })

  test('of the resource, which wants a nonce as well', async () => {
    const world = dpopWorld()
    const session = sessionIn(world)
    await session.authorize()
    world.endpoint.ahead = ahead
    world.endpoint.nonce = 'n'
    const from = world.seen.length
    for (let call = 0; call < 2; call += 1) expect((await session.fetch(world.resource)).status).toBe(200)
    expect(times(world.at('resource', from), world.clock.now)).toEqual([0, ahead, ahead])
  })
})

test('many requests at once: each is sent again at the right time', async () => {
  const world = dpopWorld()
  const session = sessionIn(world)
  await session.authorize()
  world.endpoint.ahead = 3600
  const answers = await Promise.all(Array.from({ length: 6 }, () => session.fetch(world.resource)))
  expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200))
})

describe('what is no reason', () => {
  const answers: readonly [string, (now: number) => Record<string, string>][] = [
    ['no Date', () => ({})],
    ['a Date that is none', () => ({ date: 'yesterday' })],
    ['a Date as ours, but for the way', (now) => ({ date: new Date((now + 1) * 1000).toUTCString() })],
  ]
  test.each(answers)('%s', async (_name, headers) => {
    const world = dpopWorld()
    world.on('POST', `${world.as}/token`, () => json({ error: 'invalid_dpop_proof' }, 400, headers(world.clock.now)))
    const failure = await failureOf(sessionIn(world).authorize())
    expect(failure).toBeInstanceOf(SallyportError)
    expect(failure).toMatchObject({ code: 'token_request_failed', oauthError: 'invalid_dpop_proof' })
    expect(world.at('server')).toHaveLength(1)
  })

  test('a Date that is another one each time: followed once in a request', async () => {
    const world = dpopWorld()
    let ahead = 0
    world.on('POST', `${world.as}/token`, () => {
      ahead += 1000
      return json({ error: 'invalid_dpop_proof' }, 400, {
        date: new Date((world.clock.now + ahead) * 1000).toUTCString(),
      })
    })
    expect((await failureOf(sessionIn(world).authorize())).oauthError).toBe('invalid_dpop_proof')
    expect(world.at('server')).toHaveLength(2)
  })

  test('another error with a Date that is far away', async () => {
    const world = dpopWorld()
    world.on('POST', `${world.as}/token`, () =>
      json({ error: 'invalid_request' }, 400, { date: new Date(0).toUTCString() }),
    )
    expect((await failureOf(sessionIn(world).authorize())).oauthError).toBe('invalid_request')
    expect(world.at('server')).toHaveLength(1)
  })
})
