/**
 * Passing for an agent, for another agent, or for none.
 *
 * @see docs/adr/0203-agents.md
 * @see docs/adr/0204-the-chain-of-agents.md
 * @see docs/adr/0205-tools-and-agents.md
 * @see RFC 8693 section 4.1: who acts is told by whoever signs the token
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { decodeJwt, generateKeyPair, SignJWT } from 'jose'
import { protectResource } from '../../server/resource/index.ts'
import {
  approve,
  authorizationQuery,
  codeForm,
  createTestServer,
  obtainCode,
  postForm,
  RESOURCE,
  registerClient,
} from '../support/authorization-server.ts'
import { addClient, addSecretClient, addSigningClient, assertionForm } from '../support/confidential-clients.ts'
import { createExchangeWorld, MAIL, NOTES } from '../support/exchange-world.ts'
import { toolCall } from '../support/resource-fixture.ts'

/** Everything that somebody might believe to be read. */
const CLAIMED = {
  agent: 'true',
  is_agent: 'true',
  agent_id: 'known-agent',
  agent_chain: '["known-agent"]',
  act: '{"sub":"known-agent"}',
}

describe('a client that is no agent cannot have the token of one', () => {
  const ready = createTestServer({ client_credentials: { enabled: true } })
  afterAll(async () => (await ready).close())

  test('by members of its requests', async () => {
    const server = await ready
    const { client_id } = await registerClient(server)
    const location = await approve(server, await authorizationQuery(client_id, CLAIMED))
    const code = location.searchParams.get('code') ?? ''
    const answer = await (await postForm(server, '/oauth/token', { ...codeForm(client_id, code), ...CLAIMED })).json()
    expectNoAgent(answer.access_token)
    const refresh = { grant_type: 'refresh_token', refresh_token: answer.refresh_token, client_id, ...CLAIMED }
    expectNoAgent((await (await postForm(server, '/oauth/token', refresh)).json()).access_token)
  })

  test('by members of a request for a token of its own', async () => {
    const server = await ready
    const { basic } = await addSecretClient(server)
    const form = { grant_type: 'client_credentials', resource: RESOURCE, scope: 'notes:read', ...CLAIMED }
    expectNoAgent((await (await postForm(server, '/oauth/token', form, basic)).json()).access_token)
  })

  test('by claims of the assertion that it proves itself with', async () => {
    const server = await ready
    const client = await addSigningClient(server)
    const claims = { agent: true, agent_id: client.id, agent_chain: ['known-agent', client.id] }
    const proof = assertionForm(await client.sign(claims))
    const form = { grant_type: 'client_credentials', resource: RESOURCE, scope: 'notes:read', ...proof }
    expectNoAgent((await (await postForm(server, '/oauth/token', form)).json()).access_token)
  })
})

describe('an agent cannot be another one', () => {
  const ready = createTestServer()
  afterAll(async () => (await ready).close())

  test('by registering its id', async () => {
    const server = await ready
    const { id: known } = await addClient(server, { agent: true })
    const wanted = { agent: true, client_id: known, agent_id: known, agent_chain: [known] }
    const { client_id, ...told } = await registerClient(server, wanted)
    expect(client_id).not.toBe(known)
    expect(told).not.toHaveProperty('agent_id')
    const code = await obtainCode(server, client_id)
    const { access_token } = await (await postForm(server, '/oauth/token', codeForm(client_id, code))).json()
    expect(decodeJwt(access_token)['agent_id']).toBe(client_id)
    expect(decodeJwt(access_token)).not.toHaveProperty('agent_chain')
  })
})

describe('exchanging', async () => {
  const world = await createExchangeWorld()
  afterAll(() => world.close())
  const { server, mail, exchange, ask, personToken, introspect } = world
  const agent = await world.add({ id: 'agent', agent: true })

  /** The server of mail, whose tools want no agents, or only those. */
  const tools = protectResource({
    resource: MAIL,
    authorizationServers: [server.issuer],
    toolAgents: { by_people: 'refused', by_agents: 'required' },
    fetch: async (url) => (await server.handle(new Request(url))) ?? new Response(null, { status: 404 }),
    now: () => server.clock.now,
  })
  const call = async (token: string, tool: string): Promise<number> => {
    const headers = { authorization: `Bearer ${token}` }
    const outcome = await tools.handle(
      new Request(MAIL, { method: 'POST', headers, body: JSON.stringify(toolCall(tool)) }),
    )
    return outcome instanceof Response ? outcome.status : 200
  }
  const calls = async (token: string) => [await call(token, 'by_people'), await call(token, 'by_agents')]

  test('a service does not launder what an agent does: its token says who stands behind it, and tools refuse it', async () => {
    const { access_token } = await personToken('read', { by: agent })
    const { access_token: exchanged, claims } = await exchange(access_token, world.notes)
    expect(claims).toMatchObject({ client_id: world.notes.id, agent_chain: [agent.id] })
    expect(claims).not.toHaveProperty('agent_id')
    expect(await calls(exchanged)).toEqual([403, 403])
    expect(await introspect(exchanged, mail)).toMatchObject({ active: true, agent_chain: [agent.id] })
  })

  test('what a service does for a person without agents is for people', async () => {
    const { access_token } = await exchange((await personToken('read')).access_token, world.notes)
    expect(decodeJwt(access_token)).not.toHaveProperty('agent_chain')
    expect(await calls(access_token)).toEqual([200, 403])
  })

  test('an agent that exchanges what a person’s application got acts, and says so', async () => {
    const helper = await world.add({ id: 'helper', agent: true, resource: NOTES })
    const { access_token, claims } = await exchange((await personToken('read')).access_token, helper)
    expect(claims).toMatchObject({ client_id: helper.id, agent_id: helper.id, agent_chain: [helper.id] })
    expect(await calls(access_token)).toEqual([403, 200])
    await server.flush()
    const { records } = await server.store.audit.readBack(null, { clientId: helper.id, type: 'token_exchanged' })
    expect(records).toMatchObject([{ agents: [helper.id] }])
  })

  test('members of the request say nothing', async () => {
    const { claims } = await exchange((await personToken('read')).access_token, world.notes, CLAIMED)
    expect(claims).not.toHaveProperty('agent_id')
    expect(claims).not.toHaveProperty('agent_chain')
  })

  test('a chain that somebody else signed is worth nothing, whatever key it names', async () => {
    const { access_token } = await personToken('read')
    const claims = { ...decodeJwt(access_token), agent_id: 'known-agent', agent_chain: ['known-agent'] }
    const { privateKey } = await generateKeyPair('ES256')
    const kid = JSON.parse(atob(access_token.split('.')[0] ?? '')).kid
    const forged = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid }).sign(privateKey)
    const response = await ask(forged, world.notes)
    expect([response.status, (await response.json()).error]).toEqual([400, 'invalid_request'])
    const headers = { authorization: `Bearer ${forged}` }
    expect(await tools.handle(new Request(MAIL, { headers }))).toMatchObject({ status: 401 })
  })
})

describe('a chain of nine', async () => {
  const world = await createExchangeWorld({
    token_exchange: { max_depth: 10, allow: [{ from: NOTES, to: NOTES }] },
  })
  afterAll(() => world.close())

  test('is not to be had: nobody drops the first one out of the record by exchanging on', async () => {
    const agents = await Promise.all(
      Array.from({ length: 9 }, (_, index) => world.add({ id: `agent-${index + 1}`, agent: true, resource: NOTES })),
    )
    const ids = agents.map(({ id }) => id)
    const [first, ...others] = agents
    if (first === undefined) throw new Error('there are nine')
    let { access_token: token } = await world.personToken('read', { by: first })
    for (const [index, by] of others.slice(0, 7).entries()) {
      const { access_token, claims } = await world.exchange(token, by, { resource: NOTES })
      expect(claims['agent_chain']).toEqual(ids.slice(0, index + 2))
      token = access_token
    }
    const ninth = others[7]
    if (ninth === undefined) throw new Error('there are nine')
    const response = await world.ask(token, ninth, { resource: NOTES })
    expect([response.status, (await response.json()).error]).toEqual([400, 'invalid_request'])
    expect(world.lastReason()).toBe('agent_chain_too_long')
    // A service may: it adds nobody.
    expect((await world.exchange(token, world.notes, { resource: NOTES })).claims['agent_chain']).toEqual(
      ids.slice(0, 8),
    )
  })
})

function expectNoAgent(token: string): void {
  const claims = decodeJwt(token)
  for (const name of Object.keys(CLAIMED)) expect(claims).not.toHaveProperty(name)
}
