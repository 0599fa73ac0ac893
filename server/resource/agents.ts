/**
 * Whether an agent may call, or nobody else: decided for each operation by what the token says of agents.
 *
 * @see RFC 8693 section 4.1: decided by the token's own claims and the current actor; `agent_chain` is a claim of the token
 * @see docs/adr/0205-tools-and-agents.md
 * @module
 */
import type { AgentClaims } from '../../shared/agent-claims.ts'
import type { Operation } from './required-scopes.ts'

/** `required`: only an agent may call. `refused`: no agent may, and nobody in the place of one. `allowed`: it does not matter. */
export const AGENT_RULES = ['allowed', 'required', 'refused'] as const
export type AgentRule = (typeof AGENT_RULES)[number]

/** By the tool's name, or decided for each operation. What is not named is `allowed`. */
export type ToolAgents = Readonly<Record<string, AgentRule>> | ((operation: Operation) => AgentRule)

/** Why a caller may not do what the body says. */
export type AgentProblem = 'agent_refused' | 'agent_required'

/** What stands in the way of the first operation that may not run; `null`: nothing. */
export function agentProblem(
  operations: readonly Operation[],
  toolAgents: ToolAgents | undefined,
  { agent_id, agent_chain }: AgentClaims,
): AgentProblem | null {
  if (toolAgents === undefined) return null
  const caller = { agentId: agent_id, agentChain: agent_chain }
  const failed = operations.map((operation) => ruleOf(operation, toolAgents)).find((rule) => !isAdmitted(rule, caller))
  if (failed === undefined) return null
  return failed === 'required' ? 'agent_required' : 'agent_refused'
}

/**
 * The same for one tool, where an SDK's middleware stands in the place of `protectResource(...).serve`: `authInfo` as the tool gets it. Without one
 * nobody is known, and only what is `allowed` is.
 *
 * @example if (!admitsCaller('refused', extra.authInfo)) throw new Error('This tool is not for agents.')
 */
export function admitsCaller(rule: AgentRule, authInfo: CallInfo | undefined): boolean {
  if (authInfo?.extra === undefined) return rule === 'allowed'
  const { agentId, agentChain } = authInfo.extra
  return isAdmitted(rule, { agentId, agentChain })
}

/** The `AuthInfo` of this module, or of an SDK that hands it on. */
interface CallInfo {
  readonly extra?: Readonly<Record<string, unknown>> | undefined
}

function isAdmitted(rule: AgentRule, { agentId, agentChain }: Caller): boolean {
  if (rule === 'allowed') return true
  // What an agent may not do, it may not have done by somebody who exchanges its token.
  return rule === 'required' ? agentId !== undefined : agentId === undefined && agentChain === undefined
}

/** Both are there or not: a chain is never empty. */
interface Caller {
  readonly agentId: unknown
  readonly agentChain: unknown
}

function ruleOf(operation: Operation, toolAgents: ToolAgents): AgentRule {
  if (typeof toolAgents === 'function') return toolAgents(operation)
  const { tool } = operation
  return tool !== undefined && Object.hasOwn(toolAgents, tool) ? (toolAgents[tool] ?? 'allowed') : 'allowed'
}
