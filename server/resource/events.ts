/**
 * What a protected resource tells its operator: the rich reason, where the wire gets a plain code. Never a token.
 *
 * @see MCP 2026-07-28, security best practices: tokens are not logged
 * @module
 */
import type { DpopProblem } from '../../shared/dpop/problem.ts'
import type { AgentProblem } from './agents.ts'

/** Why a token was not accepted. All are `invalid_token` on the wire. */
export type TokenProblem =
  | 'algorithm_not_allowed'
  | 'bad_signature'
  | 'expired'
  | 'malformed'
  | 'missing_claim'
  | 'not_yet_valid'
  | 'revoked'
  | 'sender_constrained'
  | 'unknown_issuer'
  | 'unknown_key'
  | 'wrong_audience'
  | 'wrong_type'

/** Why nothing could be decided about a token. All are 503 on the wire: the user must not be sent to sign in again for it. */
export type TokenTrouble = 'keys_unavailable' | 'replays_unavailable' | 'revocation_unavailable'

export const isTrouble = (problem: string): problem is TokenTrouble =>
  ['keys_unavailable', 'replays_unavailable', 'revocation_unavailable'].includes(problem)

/** Why a token that is good otherwise does not count in these hands. */
export type PossessionProblem = 'bound_token_as_bearer' | 'unbound_token' | 'missing_dpop_proof' | DpopProblem

/** Why a request was refused for other reasons than its token. */
export type RequestProblem =
  | AgentProblem
  | 'body_too_large'
  | 'insufficient_scope'
  | 'malformed_credentials'
  | 'no_credentials'
  | 'origin_not_allowed'
  | 'unreadable_body'

/** One thing worth logging or counting. */
export type ResourceEvent =
  | {
      readonly type: 'refused'
      readonly reason: TokenProblem | TokenTrouble | RequestProblem | PossessionProblem
      readonly status: number
    }
  | { readonly type: 'authorization_server_trouble'; readonly issuer: string; readonly cause: unknown }
