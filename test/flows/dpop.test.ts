/**
 * Our client, our authorization server and our resource module, with DPoP at both ends and nonces of both.
 *
 * @see RFC 9449
 * @see RFC 9728 section 2: the resource says what it requires
 * @module
 */
import { afterAll, afterEach, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AuthorizationRequiredError, type Session } from '../../client/index.ts'
import { fileStore } from '../../client/node/index.ts'
import { failureOf } from '../support/client.ts'
import { createDpopFlow, type DpopFlow, type DpopFlowOptions } from '../support/dpop-flow.ts'
import { callTool } from '../support/mcp-call.ts'
import { hostV1, hostV2, type SessionHost } from '../support/session-hosts.ts'

const root = await mkdtemp(join(tmpdir(), 'dpop-flow-'))
afterAll(() => rm(root, { recursive: true }))

const open: { close: () => Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

async function start(options: DpopFlowOptions = {}): Promise<DpopFlow> {
  const flow = await createDpopFlow(options)
  open.push(flow)
  return flow
}

const greet = ({ fetch, resource }: Session) => callTool(fetch, resource, 'greet')
const write = ({ fetch, resource }: Session) => callTool(fetch, resource, 'write')
const statuses = (flow: DpopFlow, url: string): number[] => flow.at(url).map(({ status }) => status)

describe.each([
  ['two origins', {}],
  ['one origin', { issuer: 'https://one.example', resource: 'https://one.example/mcp' }],
  ['an issuer with a path', { issuer: 'https://one.example/tenant', resource: 'https://two.example/a/mcp' }],
])('the whole way, %s', (_name, where) => {
  test('sign-in, calls, refresh with other nonces, sign-out', async () => {
    const flow = await start(where)
    const session = flow.session({ dpop: 'required' })
    expect((await session.authorize()).tokenType).toBe('DPoP')
    for (let call = 0; call < 3; call += 1) expect((await greet(session)).status).toBe(200)
    // Long enough for every nonce to have ended, and the token.
    flow.clock.now += 16 * 60
    expect((await greet(session)).status).toBe(200)
    expect((await greet(session)).status).toBe(200)

    const shown = flow.at(flow.resource).filter(({ scheme }) => scheme !== undefined)
    expect(new Set(shown.map(({ scheme }) => scheme))).toEqual(new Set(['DPoP']))
    expect(statuses(flow, flow.tokenEndpoint).filter((status) => status !== 400)).toEqual([200, 200])
    expect(shown.filter(({ status }) => status !== 401).map(({ status }) => status)).toEqual(Array(5).fill(200))
    // One invitation each at first, and one each after the pause.
    expect(flow.events.filter(({ type }) => type === 'dpop_retried').length).toBeLessThanOrEqual(4)
    const keys = flow.sent.flatMap(({ proof }) => (proof === undefined ? [] : [JSON.stringify(proof.jwk)]))
    expect(new Set(keys).size).toBe(1)

    expect(await session.logout()).toEqual({ revoked: true, deleted: true })
    expect(flow.server.failures).toEqual([])
  })
})

describe('step-up', () => {
  test('C-120 a new token for more scope, bound to a new key, and refreshed with that one', async () => {
    const flow = await start()
    const session = flow.session()
    await session.authorize()
    await greet(session)
    const before = flow.at(flow.resource).at(-1)
    const refused = await failureOf(write(session))
    expect(refused).toBeInstanceOf(AuthorizationRequiredError)
    expect(refused).toMatchObject({ scope: expect.arrayContaining(['notes:read', 'notes:write']) })
    const grant = await session.authorize()
    expect(grant).toMatchObject({ scope: ['notes:read', 'notes:write'], tokenType: 'DPoP' })
    expect((await write(session)).status).toBe(200)
    const after = flow.at(flow.resource).at(-1)
    expect(after?.token).not.toBe(before?.token)
    expect(after?.proof?.jwk).not.toEqual(before?.proof?.jwk)
    flow.clock.now += 16 * 60
    expect((await write(session)).status).toBe(200)
  })
})

describe('whoever has the tokens and not the key', () => {
  test('gets nothing with them, and ends nothing', async () => {
    const flow = await start()
    const written: string[] = []
    const store = fileStore({ directory: join(root, 'stolen'), now: () => flow.clock.now })
    const set: typeof store.set = async (key, record, ifGeneration) => {
      if (key.startsWith('credential:')) written.push(JSON.stringify(record))
      return store.set(key, record, ifGeneration)
    }
    const session = flow.session({ store: { ...store, set } })
    await session.authorize()
    const { accessToken, refreshToken, clientId } = JSON.parse(written.at(-1) ?? '{}')
    const call = (headers: Record<string, string>) => callTool(flow.fetch, flow.resource, 'greet', {}, headers)
    expect((await call({ authorization: `Bearer ${accessToken}` })).status).toBe(401)
    expect((await call({ authorization: `DPoP ${accessToken}` })).status).toBe(401)
    const form = {
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      client_id: clientId,
      resource: flow.resource,
    }
    const asked = await flow.fetch(flow.tokenEndpoint, { method: 'POST', body: new URLSearchParams(form) })
    expect(asked.status).toBe(400)

    flow.clock.now += 16 * 60
    expect((await greet(session)).status).toBe(200)
    expect(flow.person.pages).toHaveLength(2)
  })
})

describe('after a restart', () => {
  test('DPOP-C4 tokens and key are there; several processes share them', async () => {
    const flow = await start()
    const process = () =>
      flow.session({ dpop: 'required', store: fileStore({ directory: join(root, 'kept'), now: () => flow.clock.now }) })
    await process().authorize()
    expect((await greet(process())).status).toBe(200)
    flow.clock.now += 16 * 60
    const answers = await Promise.all([1, 2, 3, 4].map(() => greet(process())))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    const refreshed = flow
      .at(flow.tokenEndpoint)
      .filter(({ form, status }) => form.get('grant_type') === 'refresh_token' && status === 200)
    expect(refreshed).toHaveLength(1)
    expect(flow.person.pages).toHaveLength(2)
  })
})

describe('clocks', () => {
  test.each([-20 * 60, 20 * 60])('a machine whose clock is %i s wrong gets along with both', async (wrong) => {
    const flow = await start()
    const session = flow.session({ now: () => flow.clock.now + wrong })
    expect((await session.authorize()).tokenType).toBe('DPoP')
    for (let call = 0; call < 2; call += 1) expect((await greet(session)).status).toBe(200)
    expect(flow.at(flow.resource).at(-1)?.proof?.iat).toBe(flow.clock.now)
    const clocks = flow.events.filter((event) => event.type === 'dpop_retried' && event.because === 'clock')
    expect(clocks).toHaveLength(2)
  })
})

describe('ends that do not agree', () => {
  test('the authorization server does not do it, the resource does not need it: Bearer', async () => {
    const flow = await start({
      demand: 'optional',
      server: { dpop: { enabled: false } },
      endpoint: { required: false },
    })
    const session = flow.session()
    expect((await session.authorize()).tokenType).toBe('Bearer')
    expect((await greet(session)).status).toBe(200)
    expect(flow.sent.every(({ proof }) => proof === undefined)).toBe(true)
  })

  test('DPOP-P1 the authorization server does not do it, the resource needs it: said before anybody signs in', async () => {
    const flow = await start({ demand: 'optional', server: { dpop: { enabled: false } } })
    expect((await failureOf(flow.session().authorize())).code).toBe('dpop_unavailable')
    expect(flow.person.pages).toEqual([])
  })

  test('DPOP-A2 a client that registered as bound gets nothing without a proof', async () => {
    const flow = await start({ demand: 'optional' })
    const session = flow.session({ dpop: 'required' })
    await session.authorize()
    const client_id = flow.at(flow.tokenEndpoint).at(-1)?.form.get('client_id') ?? ''
    const form = { grant_type: 'refresh_token', refresh_token: 'x', client_id }
    const answer = await flow.fetch(flow.tokenEndpoint, { method: 'POST', body: new URLSearchParams(form) })
    expect([answer.status, (await answer.json()).error]).toEqual([400, 'invalid_dpop_proof'])
  })

  test('a resource without nonces beside a server with them', async () => {
    const flow = await start({ endpoint: { requireNonce: false } })
    const session = flow.session()
    await session.authorize()
    for (let call = 0; call < 2; call += 1) expect((await greet(session)).status).toBe(200)
    expect(flow.at(flow.resource).map(({ status }) => status)).toEqual([401, 200, 200])
  })
})

describe('hosts', () => {
  const hosts: readonly [string, (session: Session) => SessionHost][] = [
    ['sdk 1.x', hostV1],
    ['client 2.x', (session) => hostV2(session, 'legacy')],
  ]
  test.each(hosts)('DPOP-C1 %s calls a tool with proofs', async (_name, createHost) => {
    const flow = await start()
    const session = flow.session({ dpop: 'required' })
    await session.authorize()
    const host = createHost(session)
    open.push(host)
    await host.connect()
    expect(await host.call('greet')).toEqual([{ type: 'text', text: 'hello' }])
    const shown = flow.at(flow.resource).filter(({ scheme }) => scheme !== undefined)
    expect(shown.every(({ scheme, proof }) => scheme === 'DPoP' && proof !== undefined)).toBe(true)
    const jtis = shown.map(({ proof }) => Reflect.get(Object(proof), 'jti'))
    expect(new Set(jtis).size).toBe(shown.length)
  })
})
