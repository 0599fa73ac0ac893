/**
 * The resource-server module: protects an MCP server, with or without Sallyport's authorization server.
 *
 * @module
 */
export { type AgentRule, admitsCaller, type ToolAgents } from './agents.ts'
export type { ActorInfo, AuthInfo } from './auth-info.ts'
export type { DpopOptions } from './dpop-options.ts'
export type { PossessionProblem, RequestProblem, ResourceEvent, TokenProblem, TokenTrouble } from './events.ts'
export type { Fetch } from './get-json.ts'
export { type ProtectedHandler, type ProtectedResource, protectResource } from './protect-resource.ts'
export { createReplayMemory } from './replay-memory.ts'
export type { Operation, ToolScopes } from './required-scopes.ts'
export { ASYMMETRIC_ALGORITHMS, type ResourceOptions } from './resource-options.ts'
export { type SdkVerifier, sdkVerifier } from './sdk-verifier.ts'
