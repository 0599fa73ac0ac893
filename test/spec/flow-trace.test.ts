/**
 * "It does not connect": attempts, how far each came, and why it ended.
 *
 * @see docs/adr/0117-the-flow-trace.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { decodeJwt } from 'jose'
import { joinAttempts } from '../../server/admin/flow-attempts.ts'
import type { FlowStep } from '../../server/core/flow.ts'
import { createFlowTrace } from '../../server/records/flow-trace.ts'
import { s256 } from '../../shared/pkce.ts'
import {
  authorizationQuery,
  codeForm,
  createBrowser,
  createTestServer,
  formFields,
  postForm,
  registerClient,
  type TestServer,
  VERIFIER,
} from '../support/authorization-server.ts'
import { discover, from, later, lines, signInAndAgree, traced } from '../support/flow-trace.ts'
import { createPerson } from '../support/person.ts'

describe('a timeline', () => {
  test('of everything that went well, from discovery to the first call', async () => {
    const text = await traced(async (server) => {
      const app = from(server, '192.0.2.7')
      await discover(app)
      later(server, 1)
      const { client_id } = await registerClient(app)
      later(server, 2)
      const code = await signInAndAgree(server, client_id)
      later(server, 3)
      const { access_token } = await (await postForm(app, '/oauth/token', codeForm(client_id, code))).json()
      later(server, 4)
      for (const _ of [1, 2, 3]) await server.as.isLive({ jti: decodeJwt(access_token).jti ?? '' })
    })
    expect(lines(text)).toEqual([
      '2027-01-15 08:00:00  Test Client, CLIENT  https://mcp.example/mcp',
      '  08:00:00  discovery     done (a guess: the same address)',
      '  08:00:01  registration  done',
      '  08:00:03  authorize     done',
      '  08:00:03  sign_in       asked',
      '  08:00:03  sign_in       done',
      '  08:00:03  consent       asked',
      '  08:00:03  code          done',
      '  08:00:06  token         done',
      '  08:00:10  first_call    done',
      '  => connected',
      '',
      '1 attempts: 1 connected, 0 issued, 0 refused, 0 left, 0 waiting.',
    ])
  })

  const stops: readonly [string, (server: TestServer) => Promise<unknown>, string][] = [
    [
      'a registration that is refused',
      (server) => registerClient(server, { redirect_uris: ['https://evil.example/cb'] }).catch(() => {}),
      'stopped at registration: unapproved_redirect_uri',
    ],
    [
      'a client that only registered',
      async (server) => {
        await registerClient(server)
        later(server, 3600)
      },
      'stopped before authorize: it registered, and never sent anybody to sign in',
    ],
    [
      'a client that nobody knows',
      async (server) => server.fetch(`/oauth/authorize?${await authorizationQuery('gone')}`),
      'stopped at authorize: unknown_client',
    ],
    [
      'a scope that there is not',
      async (server) => {
        const { client_id } = await registerClient(server)
        return server.fetch(`/oauth/authorize?${await authorizationQuery(client_id, { scope: 'nonsense' })}`)
      },
      'stopped at authorize: unknown_scope',
    ],
    [
      'nobody who signs in',
      async (server) => {
        const { client_id } = await registerClient(server)
        await server.fetch(`/oauth/authorize?${await authorizationQuery(client_id)}`)
        later(server, 601)
      },
      'stopped before sign_in: nobody signed in',
    ],
    [
      'nobody yet',
      async (server) => {
        const { client_id } = await registerClient(server)
        await server.fetch(`/oauth/authorize?${await authorizationQuery(client_id)}`)
      },
      'waiting for sign_in',
    ],
    [
      'a wrong password',
      async (server) => {
        const { client_id } = await registerClient(server)
        const query = String(await authorizationQuery(client_id))
        const browser = createBrowser(server)
        await browser.fetch(`/oauth/authorize?${query}`)
        const page = await browser.fetch(`/sign-in?${new URLSearchParams({ request: query })}`)
        const fields = formFields(await page.text())
        const body = new URLSearchParams({ ...fields, username: 'ada', password: 'wrong' })
        return browser.fetch('/sign-in', { method: 'POST', body })
      },
      'stopped at sign_in: bad_credentials',
    ],
    [
      'somebody who declines',
      async (server) => signInAndAgree(server, (await registerClient(server)).client_id, 'deny'),
      'stopped at consent: denied_by_user',
    ],
    [
      'a code that nobody redeems',
      async (server) => {
        await signInAndAgree(server, (await registerClient(server)).client_id)
        later(server, 700)
      },
      'stopped before token: the code was never redeemed: it did not reach the application, or the application does not reach this server',
    ],
    [
      'a verifier that does not fit',
      async (server) => {
        const { client_id } = await registerClient(server)
        const form = codeForm(client_id, await signInAndAgree(server, client_id))
        return postForm(server, '/oauth/token', { ...form, code_verifier: VERIFIER.toUpperCase() })
      },
      'stopped at token: verifier_mismatch',
    ],
    [
      'a code that was mangled on its way',
      async (server) => {
        const { client_id } = await registerClient(server)
        await signInAndAgree(server, client_id)
        return postForm(server, '/oauth/token', codeForm(client_id, 'mangled'))
      },
      'stopped at token: unknown_code',
    ],
    [
      'a client that forgets its secret',
      async (server) => {
        const { client_id } = await registerClient(server, { token_endpoint_auth_method: 'client_secret_post' })
        return postForm(server, '/oauth/token', codeForm(client_id, await signInAndAgree(server, client_id)))
      },
      'stopped at token: missing_client_authentication',
    ],
  ]
  test.each(stops)('of %s', async (_, act, verdict) => {
    const text = await traced(act)
    expect(text).toContain(`  => ${verdict}\n`)
    expect(text).toContain('1 attempts:')
  })
})

test('--failed and --client choose, and what only read the metadata is counted', async () => {
  const ids: string[] = []
  const act = async (server: TestServer) => {
    ids.length = 0
    for (const address of ['192.0.2.1', '192.0.2.2']) await discover(from(server, address))
    const { client_id: good } = await registerClient(server)
    const { client_id: bad } = await registerClient(server)
    ids.push(good, bad)
    await postForm(server, '/oauth/token', codeForm(good, await signInAndAgree(server, good)))
    await signInAndAgree(server, bad, 'deny')
  }
  const failed = await traced(act, { failed: true })
  expect([failed.includes(ids[0] ?? ''), failed.includes(ids[1] ?? '')]).toEqual([false, true])
  expect(failed).toEndWith(
    '1 attempts: 0 connected, 0 issued, 1 refused, 0 left, 0 waiting. The metadata was read 2 times by others.',
  )
  expect(await traced(act, { client: 'nobody' })).toStartWith('0 attempts')
})

test('an id that nobody knows is a mark, and found by whoever was told the id', async () => {
  const act = async (server: TestServer) => server.fetch(`/oauth/authorize?${await authorizationQuery('gone')}`)
  const shown = await traced(act, { client: 'gone' })
  expect(shown).toContain('1 attempts: 0 connected, 0 issued, 1 refused')
  expect(shown).toMatch(/^2027-01-15 08:00:00 {2}unknown:[\w-]{6} {2}claimed:https:/)
})

test('an application with one challenge for all attempts has several attempts all the same', async () => {
  const text = await traced(async (server) => {
    const { client_id } = await registerClient(server)
    await signInAndAgree(server, client_id, 'deny')
    later(server, 60)
    await postForm(server, '/oauth/token', codeForm(client_id, await signInAndAgree(server, client_id)))
    later(server, 60)
    await signInAndAgree(server, client_id)
  })
  expect(text).toEndWith('3 attempts: 0 connected, 1 issued, 1 refused, 0 left, 1 waiting.')
})

test('two attempts of one client at once are told apart, and the registration belongs to the first', async () => {
  const text = await traced(async (server) => {
    const { client_id } = await registerClient(server)
    const other = { code_challenge: await s256('another-verifier-another-verifier-another-verifier') }
    await server.fetch(`/oauth/authorize?${await authorizationQuery(client_id)}`)
    await server.fetch(`/oauth/authorize?${await authorizationQuery(client_id, other)}`)
    await signInAndAgree(server, client_id)
  })
  expect(text).toContain('2 attempts:')
  expect(text.match(/registration/g)).toHaveLength(1)
  expect(text.match(/=> waiting for token/g)).toHaveLength(1)
})

test('refreshing leaves no step, nor does a call long after', async () => {
  const server = await createTestServer()
  const { client_id } = await registerClient(server)
  const code = await signInAndAgree(server, client_id)
  const first = await (await postForm(server, '/oauth/token', codeForm(client_id, code))).json()
  await server.flush()
  const before = await server.store.flows.since(0)
  later(server, 3600)
  await postForm(server, '/oauth/token', { grant_type: 'refresh_token', refresh_token: first.refresh_token, client_id })
  await server.as.isLive({ jti: decodeJwt(first.access_token).jti ?? '' })
  await server.flush()
  expect(await server.store.flows.since(0)).toEqual(before)
  await server.close()
})

test('a flood of refusals leaves few steps, and none of them hides an attempt', async () => {
  const appended: FlowStep[] = []
  const trace = createFlowTrace({ append: async (steps) => void appended.push(...steps) }, () => {})
  const at = 1_800_000_000
  for (let index = 0; index < 5000; index += 1) {
    trace.note({
      event: { type: 'authorization_rejected', reason: 'unknown_client' },
      at,
      requestId: null,
      claimed: { clientId: `${index}` },
    })
  }
  trace.note({ event: { type: 'sign_in_asked', clientId: 'client-1' }, at, requestId: null, attempt: 'attempt-1' })
  for (let index = 0; index < 5000; index += 1) {
    trace.note({ event: { type: 'client_registered', clientId: `${index}` }, at, requestId: null })
  }
  await trace.close()
  expect(appended.filter(({ step }) => step === 'authorize')).toHaveLength(20)
  expect(appended.filter(({ step }) => step === 'sign_in')).toHaveLength(1)
  expect(appended).toHaveLength(2000)
})

test('nor does a flood of refusals that say which attempts they belong to', async () => {
  const appended: FlowStep[] = []
  const trace = createFlowTrace({ append: async (steps) => void appended.push(...steps) }, () => {})
  const event = { type: 'authorization_rejected', reason: 'rate_limited' } as const
  for (let index = 0; index < 5000; index += 1) {
    trace.note({ event, at: 1_800_000_000, requestId: null, attempt: `attempt-${index}` })
  }
  trace.note({ event: { type: 'sign_in_asked' }, at: 1_800_000_000, requestId: null, attempt: 'attempt-of-ada' })
  await trace.close()
  expect(appended.map(({ step }) => step)).toEqual([...Array(200).fill('authorize'), 'sign_in'])
})

test('addresses are those of applications, never of people', async () => {
  const server = await createTestServer()
  const { client_id } = await registerClient(from(server, '192.0.2.7'))
  const browser = createPerson({
    fetch: (input, init) => from(server, '198.51.100.1').fetch(String(input).replace(server.issuer, ''), init),
  })
  await browser.visit(`${server.issuer}/oauth/authorize?${await authorizationQuery(client_id)}`)
  await server.flush()
  const steps = await server.store.flows.since(0)
  expect(steps.map(({ step, address }) => [step, address])).toEqual([
    ['registration', '192.0.2.7'],
    ...['authorize', 'sign_in', 'sign_in', 'consent', 'code'].map((step) => [step, null]),
  ])
  await server.close()
})

test('an attempt whose registration is not in the trace is still one', () => {
  const step = (changes: Partial<FlowStep>): FlowStep => ({
    ...{ at: 0, step: 'token', outcome: 'refused', reason: 'unknown_code', clientId: 'c', resource: null },
    ...{ attempt: null, grantId: null, address: null, requestId: null },
    ...changes,
  })
  const { attempts } = joinAttempts([step({}), step({ at: 5 }), step({ at: 6, clientId: null })], 10)
  expect(attempts.map(({ clientId, state }) => [clientId, state])).toEqual([
    ['c', 'refused'],
    ['c', 'refused'],
    [null, 'refused'],
  ])
})

test('a crowd that reads the metadata is noted ten times a second, and ten times in the next', async () => {
  const server = await createTestServer()
  const read = (address: string) =>
    server.handle(new Request(`${server.issuer}/.well-known/oauth-authorization-server`), address)
  for (let caller = 0; caller < 25; caller += 1) await read(`198.51.100.${caller}`)
  server.clock.now += 1
  for (let caller = 100; caller < 125; caller += 1) await read(`198.51.100.${caller}`)
  await server.flush()
  const steps = await server.store.flows.since(0)
  expect(steps.map(({ step }) => step)).toEqual(Array(20).fill('discovery'))
  await server.close()
})
