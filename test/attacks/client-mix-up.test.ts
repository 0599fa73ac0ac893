/**
 * Mix-up: a client that talks to two authorization servers is made to bring the code of the honest one to the attacker's.
 *
 * @see RFC 9207 section 1, section 2.4
 * @see RFC 9700 section 4.4
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { attendedSessionIn, failureOf } from '../support/client.ts'
import { type FakeWorld, fakeWorld } from '../support/fake-authorization-server.ts'

/** The attacker's server redirects the browser to the honest one, with its own client's place in the request taken over. */
async function mixUp(attacker: FakeWorld, change: (callback: URL) => void) {
  const honest = fakeWorld({ issuer: 'https://honest.example' })
  const session = attendedSessionIn(attacker, async (url) => {
    const redirected = new URL(`${honest.as}/authorize${new URL(url).search}`)
    const callback = new URL((await honest.fetch(redirected)).headers.get('location') ?? '')
    change(callback)
    return callback.href
  })
  const failure = await failureOf(session.authorize())
  return { failure, stolen: attacker.sent('POST', `${attacker.as}/token`) }
}

describe('SEC-004 the honest server names itself', () => {
  test('SEC-004 C-090 and so its code goes nowhere', async () => {
    const { failure, stolen } = await mixUp(fakeWorld(), () => {})
    expect(failure.code).toBe('iss_mismatch')
    expect(stolen).toEqual([])
  })

  test('SEC-004 C-090 also where the attacker does not advertise iss', async () => {
    const attacker = fakeWorld({ serverMetadata: { authorization_response_iss_parameter_supported: false } })
    const { failure, stolen } = await mixUp(attacker, () => {})
    expect(failure.code).toBe('iss_mismatch')
    expect(stolen).toEqual([])
  })

  test('SEC-004 a server that promises iss is not believed without it', async () => {
    const { failure, stolen } = await mixUp(fakeWorld(), (callback) => callback.searchParams.delete('iss'))
    expect(failure.code).toBe('iss_missing')
    expect(stolen).toEqual([])
  })

  test('SEC-004 two values, one of them right', async () => {
    const { failure, stolen } = await mixUp(fakeWorld(), (callback) =>
      callback.searchParams.append('iss', 'https://as.example.com'),
    )
    expect(failure.code).toBe('callback_invalid')
    expect(stolen).toEqual([])
  })
})

describe('the attacker claims to be the honest server', () => {
  test('C-035 its metadata may not name another issuer', async () => {
    const attacker = fakeWorld({ serverMetadata: { issuer: 'https://honest.example' } })
    const { failure } = await mixUp(attacker, () => {})
    expect(failure.code).toBe('issuer_mismatch')
  })
})
