/**
 * What an access token says of agents: software that acts by itself, for a person or for nobody.
 *
 * @see RFC 8693 section 4.1: the chain of actors, of which `agent_chain` is the flat part
 * @see docs/adr/0203-agents.md
 * @see docs/adr/0204-the-chain-of-agents.md
 * @module
 */
import * as v from 'valibot'

/** How many agents a chain can hold. */
export const MAX_AGENT_CHAIN = 8

const AgentId = v.pipe(v.string(), v.nonEmpty())

/** The members, to be spread into the claims of a token. */
export const agentClaims = {
  /** The client of the token is an agent: its `client_id`. Absent: it is none. */
  agent_id: v.exactOptional(AgentId),
  /** Of a token that was made from others by delegation: the agents that had a part in it, the first that acted first. Never empty. */
  agent_chain: v.exactOptional(v.pipe(v.array(AgentId), v.minLength(1), v.maxLength(MAX_AGENT_CHAIN))),
}

export const AgentClaims = v.object(agentClaims)
export type AgentClaims = v.InferOutput<typeof AgentClaims>
