/**
 * Agents: what a token says of the software that acts by itself, and of those before it in a delegation.
 *
 * Whether a client is one is known from its registration alone: nothing that a request or a token of another issuer says has a part in it.
 *
 * @see RFC 8693 section 4.1: a chain of delegation, of which this is the flat part that a resource may decide by
 * @see docs/adr/0203-agents.md
 * @see docs/adr/0204-the-chain-of-agents.md
 * @module
 */
import { type AgentClaims, MAX_AGENT_CHAIN } from '../../shared/agent-claims.ts'
import { ok, type Result } from '../../shared/result.ts'
import { type Rejection, reject } from './rejection.ts'

/** A client, as far as it matters here. */
interface Acting {
  readonly id: string
  readonly agent: boolean
}

/** A chain of agents, as a token has it: the first that acted first. */
export type AgentChain = readonly string[]

const NO_AGENT: AgentClaims = {}

/** The claims of a token for `client`. `chain`: what `extendAgentChain` gave, for a token that was made from another. */
export function agentClaims({ id, agent }: Acting, chain: AgentChain = []): AgentClaims {
  if (!agent && chain.length === 0) return NO_AGENT
  return {
    ...(agent ? { agent_id: id } : {}),
    ...(chain.length === 0 ? {} : { agent_chain: [...chain] }),
  }
}

/**
 * The chain of a token that is made for `client` from another one. `subject`: the claims of that one, which this server must have signed. An agent
 * that exchanges its own token is in it once.
 */
export function extendAgentChain(subject: AgentClaims, { id, agent }: Acting): Result<AgentChain, Rejection> {
  const before = subject.agent_chain ?? []
  const { agent_id } = subject
  const chain = agent_id === undefined || before.at(-1) === agent_id ? before : [...before, agent_id]
  const extended = agent && chain.at(-1) !== id ? [...chain, id] : chain
  // Who is left out of a record of who acted is hidden by it.
  return extended.length > MAX_AGENT_CHAIN ? reject('agent_chain_too_long') : ok(extended)
}

/** For the audit log: the agents that stand behind what is done for this client. */
export const agentsBehind = ({ id, agent }: Acting, chain: AgentChain = []): { readonly agents?: AgentChain } =>
  chain.length > 0 ? { agents: chain } : agent ? { agents: [id] } : {}
