/**
 * The client judges the authorization response: issuer, state, error, code.
 *
 * @see RFC 9207 section 2.4
 * @see MCP 2026-07-28, authorization, "Authorization Response Validation"
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { type Flow, memoryStore, type Session } from '../../client/index.ts'
import { approve, failureOf, sessionIn } from '../support/client.ts'
import { type FakeWorld, fakeWorld } from '../support/fake-authorization-server.ts'

const CALLBACK = 'https://app.example.com/cb'
const TOKEN = 'https://as.example.com/token'

async function flowIn(promised: boolean | undefined): Promise<{ world: FakeWorld; session: Session; flow: Flow }> {
  const world = fakeWorld({ serverMetadata: { authorization_response_iss_parameter_supported: promised } })
  const session = sessionIn(world)
  return { world, session, flow: await session.begin({ redirectUri: CALLBACK }) }
}

/** The callback of an approval, changed. */
async function callbackOf(world: FakeWorld, flow: Flow, change: (params: URLSearchParams) => void): Promise<string> {
  const url = new URL(await approve(world)(flow.url))
  change(url.searchParams)
  return url.href
}

describe('section 2.4 the four cases of iss', () => {
  const table: readonly [boolean | undefined, string | undefined, string][] = [
    [true, 'https://as.example.com', 'ok'],
    [true, undefined, 'iss_missing'],
    [true, 'https://evil.example', 'iss_mismatch'],
    [false, 'https://as.example.com', 'ok'],
    [false, 'https://evil.example', 'iss_mismatch'],
    [false, undefined, 'ok'],
    [undefined, 'https://evil.example', 'iss_mismatch'],
    [undefined, 'https://as.example.com', 'ok'],
    [undefined, undefined, 'ok'],
  ]
  test.each(table)('C-090 C-093 SEC-004 promised %p, sent %p: %s', async (promised, iss, expected) => {
    const { world, session, flow } = await flowIn(promised)
    const callback = await callbackOf(world, flow, (params) => {
      params.delete('iss')
      if (iss !== undefined) params.set('iss', iss)
    })
    const outcome = await session.complete(flow, callback).then(
      () => 'ok',
      (error) => error.code,
    )
    expect(outcome).toBe(expected)
    expect(world.sent('POST', TOKEN)).toHaveLength(expected === 'ok' ? 1 : 0)
  })

  const variants = [
    'https://as.example.com/',
    'https://AS.example.com',
    'HTTPS://as.example.com',
    'https://as.example.com:443',
    'https://as.example%2Ecom',
    ' https://as.example.com',
    'https://as.example.com?',
  ]
  test.each(variants)('C-091 %p is not the issuer: nothing is normalised', async (iss) => {
    const { world, session, flow } = await flowIn(true)
    const callback = await callbackOf(world, flow, (params) => params.set('iss', iss))
    expect((await failureOf(session.complete(flow, callback))).code).toBe('iss_mismatch')
  })

  test('C-091 after form-decoding', async () => {
    const { world, session, flow } = await flowIn(true)
    const url = new URL(await approve(world)(flow.url))
    const query = [...url.searchParams].map(
      ([name, value]) => `${name}=${name === 'iss' ? 'https://as%2Eexample.com' : value}`,
    )
    expect((await session.complete(flow, `${CALLBACK}?${query.join('&')}`)).issuer).toBe(world.issuer)
  })

  test('C-092 an error of another server is neither obeyed nor shown', async () => {
    const { world, session, flow } = await flowIn(true)
    const callback = await callbackOf(world, flow, (params) => {
      params.delete('code')
      params.set('iss', 'https://evil.example')
      params.set('error', 'access_denied')
      params.set('error_description', 'call this number')
      params.set('error_uri', 'https://evil.example/help')
    })
    const failure = await failureOf(session.complete(flow, callback))
    expect(failure).toMatchObject({ code: 'iss_mismatch' })
    expect([failure.oauthError, failure.errorDescription, failure.errorUri]).toEqual([undefined, undefined, undefined])
    expect(JSON.stringify({ ...failure, message: failure.message })).not.toMatch(/number|evil/)
  })

  test('C-094 the issuer is judged before the state', async () => {
    const { world, session, flow } = await flowIn(true)
    const callback = await callbackOf(world, flow, (params) => {
      params.set('iss', 'https://evil.example')
      params.set('state', 'other')
    })
    expect((await failureOf(session.complete(flow, callback))).code).toBe('iss_mismatch')
  })
})

describe('state, error, code', () => {
  test.each(['other', '', undefined])('C-083 state %p is dropped', async (state) => {
    const { world, session, flow } = await flowIn(true)
    const callback = await callbackOf(world, flow, (params) => {
      params.delete('state')
      if (state !== undefined) params.set('state', state)
      params.set('error', 'access_denied')
    })
    const { code, oauthError } = await failureOf(session.complete(flow, callback))
    expect({ code, oauthError }).toEqual({ code: 'state_mismatch', oauthError: undefined })
  })

  test.each(['code', 'state', 'iss', 'error'])('C-095 a repeated %s is an error', async (name) => {
    const { world, session, flow } = await flowIn(true)
    const callback = await callbackOf(world, flow, (params) => {
      const value = params.get(name) ?? 'x'
      params.append(name, value)
      if (name === 'error') params.append(name, value)
    })
    expect((await failureOf(session.complete(flow, callback))).code).toBe('callback_invalid')
    expect(world.sent('POST', TOKEN)).toHaveLength(0)
  })

  test('C-095 unknown parameters are ignored, twice too', async () => {
    const { world, session, flow } = await flowIn(true)
    const callback = await callbackOf(world, flow, (params) => {
      params.append('session_state', 'x')
    })
    expect((await session.complete(flow, callback)).issuer).toBe(world.issuer)
  })

  const errors: readonly [string, string][] = [
    ['access_denied', 'authorization_denied'],
    ['server_error', 'authorization_failed'],
    ['invalid_scope', 'authorization_failed'],
  ]
  test.each(errors)('section 4.1.2.1 %s is %s, with the words of the server apart', async (error, code) => {
    const { world, session, flow } = await flowIn(true)
    const callback = await callbackOf(world, flow, (params) => {
      params.delete('code')
      params.set('error', error)
      params.set('error_description', 'their words')
    })
    const failure = await failureOf(session.complete(flow, callback))
    expect(failure).toMatchObject({ code, oauthError: error, errorDescription: 'their words' })
    expect(failure.message).not.toContain('their words')
  })

  test('an error beside a code is an error', async () => {
    const { world, session, flow } = await flowIn(true)
    const callback = await callbackOf(world, flow, (params) => params.set('error', 'access_denied'))
    expect((await failureOf(session.complete(flow, callback))).code).toBe('authorization_denied')
    expect(world.sent('POST', TOKEN)).toHaveLength(0)
  })

  test.each(['', 'not a url', `${CALLBACK}?`, CALLBACK])('%p is no callback', async (callback) => {
    const { session, flow } = await flowIn(false)
    expect(['callback_invalid', 'state_mismatch']).toContain((await failureOf(session.complete(flow, callback))).code)
  })

  test('no code and no error', async () => {
    const { world, session, flow } = await flowIn(true)
    const callback = await callbackOf(world, flow, (params) => params.delete('code'))
    expect((await failureOf(session.complete(flow, callback))).code).toBe('callback_invalid')
  })
})

describe('C-083 a flow is used once', () => {
  test('C-083 of many who complete it at once, one gets through', async () => {
    const { world, session, flow } = await flowIn(true)
    const callback = await approve(world)(flow.url)
    const outcomes = await Promise.allSettled([1, 2, 3, 4, 5].map(() => session.complete(flow, new URL(callback))))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(world.sent('POST', TOKEN)).toHaveLength(1)
    expect((await failureOf(session.complete(flow, callback))).code).toBe('flow_unknown')
  })

  test('C-083 a response of a stranger does not use it up; a denial does', async () => {
    const { world, session, flow } = await flowIn(true)
    const good = await approve(world)(flow.url)
    await failureOf(session.complete(flow, `${CALLBACK}?state=guess&iss=${world.issuer}&code=x`))
    await failureOf(
      session.complete(flow, `${CALLBACK}?state=${flow.state}&iss=https://evil.example&error=access_denied`),
    )
    const denied = `${CALLBACK}?state=${flow.state}&iss=${world.issuer}&error=access_denied`
    expect((await failureOf(session.complete(flow, denied))).code).toBe('authorization_denied')
    expect((await failureOf(session.complete(flow, good))).code).toBe('flow_unknown')
  })

  test('a flow expires', async () => {
    const { world, session, flow } = await flowIn(true)
    const callback = await approve(world)(flow.url)
    world.clock.now = flow.expiresAt
    expect((await failureOf(session.complete(flow, callback))).code).toBe('flow_expired')
    expect(world.sent('POST', TOKEN)).toHaveLength(0)
  })

  test('a flow of another resource, or of another store, is unknown', async () => {
    const { world, flow } = await flowIn(true)
    const callback = await approve(world)(flow.url)
    expect((await failureOf(sessionIn(world).complete(flow, callback))).code).toBe('flow_unknown')
  })

  test('C-065 a flow of another resource, in the same store, is unknown too', async () => {
    const store = memoryStore()
    const world = fakeWorld()
    const flow = await sessionIn(world, { store }).begin({ redirectUri: CALLBACK })
    const neighbour = fakeWorld({ resource: 'https://mcp.example.com/other' })
    const failure = await failureOf(sessionIn(neighbour, { store }).complete(flow, await approve(world)(flow.url)))
    expect(failure.code).toBe('flow_unknown')
  })

  test('parameters alone will do, as a web framework has them', async () => {
    const { world, session, flow } = await flowIn(true)
    const { searchParams } = new URL(await approve(world)(flow.url))
    expect((await session.complete({ state: flow.state }, searchParams)).issuer).toBe(world.issuer)
    expect(await session.status()).toBe('ready')
  })
})
