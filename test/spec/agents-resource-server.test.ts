/**
 * Agents at a resource: what a tool is told of them, which tools are for them, and what a refused caller hears.
 *
 * @see docs/adr/0203-agents.md
 * @see docs/adr/0204-the-chain-of-agents.md
 * @see docs/adr/0205-tools-and-agents.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { type AgentRule, admitsCaller, type ToolAgents } from '../../server/resource/index.ts'
import {
  admitted,
  bearerChallenge,
  createResourceFixture,
  METADATA_URL,
  RESOURCE,
  refused,
  toolCall,
} from '../support/resource-fixture.ts'

const AGENT = { client_id: 'bot', agent_id: 'bot' }
/** A service that exchanged the token of an agent. */
const BEHIND = { client_id: 'service', agent_chain: ['bot'] }
const CHAIN = { client_id: 'second', agent_id: 'second', agent_chain: ['bot', 'second'] }

const toolAgents: ToolAgents = { notes_list: 'allowed', notes_add: 'refused', notes_clear: 'required' }
const rules = async (changes: Parameters<typeof createResourceFixture>[0] = {}) =>
  createResourceFixture({ toolScopes: undefined, toolAgents, ...changes })

describe('what a tool is told', () => {
  test.each([
    ['nobody in particular', {}, {}],
    ['an agent', AGENT, { agentId: 'bot' }],
    ['a service for an agent', BEHIND, { agentChain: ['bot'] }],
    ['an agent for an agent', CHAIN, { agentId: 'second', agentChain: ['bot', 'second'] }],
  ])('of %s', async (_, claims, told) => {
    const { issuer, notes } = await rules()
    const token = await issuer.sign({ jti: 'one', ...claims })
    const extra = { sub: 'alice', iss: issuer.issuer, jti: 'one', ...told }
    const verified = await notes.verify(token)
    expect(verified.ok && verified.value.extra).toEqual(extra)
    const served = notes.serve((_, authInfo) => Response.json(authInfo.extra))
    const headers = { authorization: `Bearer ${token}` }
    expect(await (await served(new Request(RESOURCE, { headers }))).json()).toEqual(extra)
  })

  test('whoever changes what one call was told changes nothing for the next one with the same token', async () => {
    const { issuer, send } = await rules()
    const request = { headers: { authorization: `Bearer ${await issuer.sign(CHAIN)}` } }
    admitted(await send(request)).extra.agentChain?.pop()
    expect(admitted(await send(request)).extra.agentChain).toEqual(['bot', 'second'])
  })
})

describe('tools and agents', () => {
  const cases: readonly (readonly [string, AgentRule, 'agent_refused' | 'agent_required' | null, object])[] = [
    ['nobody in particular', 'allowed', null, {}],
    ['nobody in particular', 'refused', null, {}],
    ['nobody in particular', 'required', 'agent_required', {}],
    ['an agent', 'allowed', null, AGENT],
    ['an agent', 'refused', 'agent_refused', AGENT],
    ['an agent', 'required', null, AGENT],
    ['a service for an agent', 'allowed', null, BEHIND],
    ['a service for an agent', 'refused', 'agent_refused', BEHIND],
    ['a service for an agent', 'required', 'agent_required', BEHIND],
    ['an agent for an agent', 'refused', 'agent_refused', CHAIN],
    ['an agent for an agent', 'required', null, CHAIN],
  ]
  test.each(cases)('%s, a tool that is %p: %p', async (_, rule, reason, claims) => {
    const { issuer, post, events } = await rules({ toolAgents: { tool: rule } })
    const outcome = await post(await issuer.sign({ ...claims }), toolCall('tool'))
    if (reason === null) return void expect(admitsCaller(rule, admitted(outcome))).toBe(true)
    expect(refused(outcome).status).toBe(403)
    expect(events).toEqual([{ type: 'refused', reason, status: 403 }])
  })

  test('a tool that is not named is for everybody, as are other methods', async () => {
    const { issuer, post } = await rules()
    const token = await issuer.sign(AGENT)
    for (const message of [toolCall('other'), toolCall('toString'), { jsonrpc: '2.0', id: 1, method: 'tools/list' }])
      admitted(await post(token, message))
  })

  test('a function decides by the whole operation', async () => {
    const { issuer, post } = await rules({
      toolAgents: ({ method, params }) =>
        method === 'resources/read' && params['uri'] === 'x' ? 'refused' : 'allowed',
    })
    const token = await issuer.sign(AGENT)
    const read = (uri: string) => ({ jsonrpc: '2.0', id: 1, method: 'resources/read', params: { uri } })
    expect(refused(await post(token, read('x'))).status).toBe(403)
    admitted(await post(token, read('y')))
  })

  test('one call of a batch that may not be made refuses all of it, wherever it is', async () => {
    const { issuer, post } = await rules()
    const token = await issuer.sign(AGENT)
    const allowed = [toolCall('notes_list'), toolCall('notes_clear')]
    admitted(await post(token, allowed))
    for (const at of [0, 1, 2]) {
      expect(refused(await post(token, allowed.toSpliced(at, 0, toolCall('notes_add')))).status).toBe(403)
    }
  })

  test('without the option nobody looks into the body', async () => {
    const { issuer, post } = await rules({ toolAgents: undefined, maxBodyBytes: 1 })
    admitted(await post(await issuer.sign(AGENT), toolCall('notes_add')))
  })

  test('with it alone what cannot be read is not passed on', async () => {
    const { issuer, post } = await rules()
    expect(refused(await post(await issuer.sign(), 'notes_add')).status).toBe(400)
  })
})

describe('what a refused caller hears', () => {
  test.each([
    ['notes_add', 'This tool is not for agents, nor for calls on their behalf.', AGENT],
    ['notes_clear', 'This tool is for clients that are registered as agents.', {}],
  ])('RFC 6750 section 3 a challenge without a scope at %s: more scope would not help', async (tool, told, claims) => {
    const { issuer, post } = await rules({ toolScopes: { [tool]: ['notes:admin'] } })
    const response = refused(await post(await issuer.sign(claims), toolCall(tool)))
    // Another scheme would not help either.
    expect(response.headers.get('www-authenticate')).not.toContain('DPoP')
    expect(bearerChallenge(response)).toEqual({
      error: 'access_denied',
      error_description: told,
      resource_metadata: METADATA_URL,
    })
    expect(await response.json()).toEqual({
      error: 'access_denied',
      error_description: told,
      type: 'about:blank',
      title: 'Forbidden',
      status: 403,
      detail: told,
    })
  })
})

describe('behind the middleware of an SDK', () => {
  test('a tool asks for itself, with what the SDK hands it', () => {
    const info = (extra?: Record<string, unknown>) => ({
      token: 'x',
      clientId: 'c',
      scopes: [],
      ...(extra && { extra }),
    })
    expect(admitsCaller('refused', info({ sub: 'alice' }))).toBe(true)
    expect(admitsCaller('refused', info({ sub: 'alice', agentId: 'bot' }))).toBe(false)
    expect(admitsCaller('refused', info({ sub: 'alice', agentChain: ['bot'] }))).toBe(false)
    expect(admitsCaller('required', info({ sub: 'alice', agentId: 'bot' }))).toBe(true)
    expect(admitsCaller('required', info({ sub: 'alice', agentChain: ['bot'] }))).toBe(false)
    expect(admitsCaller('allowed', info({ agentId: 'bot' }))).toBe(true)
  })

  test('where nobody is known only what is allowed is', () => {
    for (const nobody of [undefined, {}]) {
      expect((['allowed', 'required', 'refused'] as const).filter((rule) => admitsCaller(rule, nobody))).toEqual([
        'allowed',
      ])
    }
  })
})

test('a rule that is misspelt stops the program at its start', async () => {
  const misspelt: Record<string, AgentRule> = JSON.parse('{ "tool": "refuse" }')
  await expect(rules({ toolAgents: misspelt })).rejects.toThrow('toolAgents must say one of allowed, required, refused')
})

test.each([
  ['an id that is a number', { agent_id: 1 }],
  ['an empty id', { agent_id: '' }],
  ['an id that is null', { agent_id: null }],
  ['an empty chain', { agent_chain: [] }],
  ['a chain that is text', { agent_chain: 'bot' }],
  ['a chain with a hole', { agent_chain: ['bot', null] }],
  ['a chain of nine', { agent_chain: ['1', '2', '3', '4', '5', '6', '7', '8', '9'] }],
])('a token with %s is not valid, rather than one of nobody', async (_, claims) => {
  const { issuer, post, events } = await rules()
  expect(refused(await post(await issuer.sign(claims), toolCall('notes_add'))).status).toBe(401)
  expect(events).toEqual([{ type: 'refused', reason: 'missing_claim', status: 401 }])
})
