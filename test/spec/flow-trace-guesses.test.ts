/**
 * What is joined to an attempt by a guess, and told as one.
 *
 * @see docs/adr/0117-the-flow-trace.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { joinAttempts } from '../../server/admin/flow-attempts.ts'
import type { FlowStep } from '../../server/core/flow.ts'
import { codeForm, postForm, registerClient, type TestServer } from '../support/authorization-server.ts'
import { from, later, lines, signInAndAgree, traced } from '../support/flow-trace.ts'

describe('a refused token request that names no client', () => {
  const step = (at: number, changes: Partial<FlowStep>): FlowStep => ({
    ...{ step: 'code', outcome: 'done', reason: null, clientId: null, resource: null },
    ...{ at, attempt: null, grantId: null, address: null, requestId: null, ...changes },
  })
  const registration = (clientId: string, address: string) => step(0, { step: 'registration', clientId, address })
  const code = (clientId: string) => step(1, { clientId, grantId: `grant of ${clientId}` })
  const nameless = step(2, { step: 'token', outcome: 'refused', reason: 'body_too_large', address: '192.0.2.7' })
  const ends = (steps: readonly FlowStep[], now = 3000) =>
    joinAttempts(steps, now).attempts.map(({ clientId, reason, steps: own }) => [clientId, reason, own.at(-1)?.guessed])

  test('belongs to the attempt whose application registered from there', () => {
    const steps = [registration('a', '192.0.2.7'), registration('b', '192.0.2.8'), code('a'), code('b'), nameless]
    expect(ends(steps)).toEqual([
      ['a', 'body_too_large', true],
      ['b', null, false],
    ])
  })
  test('or else to the only one that has a code and no token', () => {
    const done = step(1, { step: 'token', clientId: 'b', grantId: 'grant of b' })
    expect(ends([code('a'), code('b'), done, nameless])).toEqual([
      ['a', 'body_too_large', true],
      ['b', null, false],
    ])
  })
  test('or else to none', () => {
    expect(ends([code('a'), code('b'), nameless])).toEqual([
      ['a', null, false],
      ['b', null, false],
      [null, 'body_too_large', false],
    ])
    expect(ends([code('a'), { ...nameless, at: 700 }])).toEqual([
      ['a', null, false],
      [null, 'body_too_large', false],
    ])
  })
  test('is told with an attempt that it may have been of, if that came to nothing', async () => {
    const text = await traced(async (server) => {
      const application = from(server, '192.0.2.7')
      const token = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }
      await application.fetch('/oauth/token', token)
      const { client_id } = await registerClient(server)
      await signInAndAgree(server, client_id)
      // The same again within a minute: the trace has it once.
      await application.fetch('/oauth/token', token)
      later(server, 700)
    })
    expect(lines(text).filter((line) => line.includes('=>'))).toEqual([
      '  => stopped at token: wrong_content_type',
      expect.stringMatching(
        /before token: the code was never .+ names no client was \(wrong_content_type, request ID\)$/,
      ),
    ])
  })
  test('and is told as a guess, until the token is there', async () => {
    const act = (redeem: boolean) => async (server: TestServer) => {
      const { client_id } = await registerClient(from(server, '192.0.2.7'))
      const code = await signInAndAgree(server, client_id)
      const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }
      await from(server, '192.0.2.7').fetch('/oauth/token', json)
      if (redeem) await postForm(server, '/oauth/token', codeForm(client_id, code))
      later(server, 700)
    }
    const text = await traced(act(false))
    expect(text).toContain('(a guess: it names no client, request ')
    expect(text).toContain('  => stopped at token: wrong_content_type (a guess)\n')
    expect(text).toContain('1 attempts: 0 connected, 0 issued, 1 refused')
    expect(await traced(act(true))).toContain('1 attempts: 0 connected, 1 issued')
  })
})

describe('a client whose document is read only once somebody has signed in', () => {
  const step = (changes: Partial<FlowStep>): FlowStep => ({
    ...{ at: 0, step: 'sign_in', outcome: 'asked', reason: null, resource: null, grantId: null, address: null },
    ...{ clientId: 'https://app.example/unknown:x7Gh2k', attempt: 'attempt', requestId: null },
    ...changes,
  })
  const known = (clientId: string) => step({ step: 'consent', clientId })
  const clients = (steps: readonly FlowStep[]) => joinAttempts(steps, 10).attempts.map(({ clientId }) => clientId)

  test('is one attempt with what it said before, and named as it is known', () => {
    expect(clients([step({}), known('https://app.example/client')])).toEqual(['https://app.example/client'])
    expect(clients([step({})])).toEqual(['https://app.example/unknown:x7Gh2k'])
  })
  test('while two that are known are two', () => {
    const ids = ['https://app.example/client', 'https://app.example/other']
    expect(clients([step({}), ...ids.map(known)])).toEqual(ids)
  })
})
