/**
 * What a token says of agents, as a table of cases.
 *
 * @see docs/adr/0203-agents.md
 * @see docs/adr/0204-the-chain-of-agents.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { agentClaims, agentsBehind, extendAgentChain } from '../../server/core/agents.ts'
import type { AgentClaims } from '../../shared/agent-claims.ts'

const agent = (id: string) => ({ id, agent: true })
const service = (id: string) => ({ id, agent: false })

describe('agentClaims', () => {
  test('an agent is named by its client id, and nobody else is', () => {
    expect(agentClaims(agent('a'))).toEqual({ agent_id: 'a' })
    expect(agentClaims(service('s'))).toEqual({})
  })

  test('what stands behind a client that is no agent is told all the same', () => {
    expect(agentClaims(service('s'), ['a'])).toEqual({ agent_chain: ['a'] })
    expect(agentClaims(agent('b'), ['a', 'b'])).toEqual({ agent_id: 'b', agent_chain: ['a', 'b'] })
  })
})

describe('extendAgentChain', () => {
  const eight = ['1', '2', '3', '4', '5', '6', '7', '8']

  test.each([
    ['a person came without agents to a service', {}, service('s'), []],
    ['a person came without agents to an agent', {}, agent('a'), ['a']],
    ['an agent came to a service', { agent_id: 'a' }, service('s'), ['a']],
    ['an agent came to another', { agent_id: 'a' }, agent('b'), ['a', 'b']],
    ['an agent narrows its own token', { agent_id: 'a' }, agent('a'), ['a']],
    ['and again', { agent_id: 'a', agent_chain: ['a'] }, agent('a'), ['a']],
    ['the third of a chain', { agent_id: 'b', agent_chain: ['a', 'b'] }, agent('c'), ['a', 'b', 'c']],
    ['a service between agents', { agent_chain: ['a'] }, agent('b'), ['a', 'b']],
    ['back to the first one', { agent_id: 'b', agent_chain: ['a', 'b'] }, agent('a'), ['a', 'b', 'a']],
    ['the same agent after a service', { agent_chain: ['a'] }, agent('a'), ['a']],
    ['the eighth', { agent_id: '7', agent_chain: eight.slice(0, 7) }, agent('8'), eight],
    ['a service after eight', { agent_id: '8', agent_chain: eight }, service('s'), eight],
  ] satisfies [string, AgentClaims, ReturnType<typeof agent>, string[]][])('%s', (_, subject, client, chain) => {
    expect(extendAgentChain(subject, client)).toEqual({ ok: true, value: chain })
  })

  test('a ninth is refused: nobody is left out of a record of who acted', () => {
    const refused = { ok: false, error: { reason: 'agent_chain_too_long' } }
    expect(extendAgentChain({ agent_id: '8', agent_chain: eight }, agent('9'))).toMatchObject(refused)
    expect(extendAgentChain({ agent_chain: eight }, agent('9'))).toMatchObject(refused)
  })
})

test('the audit log is told of the agents that stand behind an act, and of none where there are none', () => {
  expect(agentsBehind(agent('a'))).toEqual({ agents: ['a'] })
  expect(agentsBehind(service('s'), ['a'])).toEqual({ agents: ['a'] })
  expect(agentsBehind(service('s'))).toEqual({})
})
