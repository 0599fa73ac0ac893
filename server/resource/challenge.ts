/**
 * What a caller is told who may not pass: one answer for each reason, with the challenge that says what would help.
 *
 * @see RFC 6750 section 3 and section 3.1: the challenge, the codes and their statuses
 * @see RFC 9449 section 7.1 (the DPoP challenge, `algs`), section 7.2 (both schemes), section 9 (`use_dpop_nonce`)
 * @see RFC 9728 section 5.1: `resource_metadata`
 * @see MCP 2026-07-28, authorization, error handling and scope challenges
 * @module
 */
import { formatChallenge } from '../../shared/challenge.ts'
import { DPOP_PROBLEMS } from '../../shared/dpop/problem.ts'
import { formatScope } from '../../shared/scope.ts'
import { RETRY_DELAY } from './authorization-server.ts'
import type { Scheme } from './credentials.ts'
import type { DpopSettings } from './dpop-options.ts'
import type { PossessionProblem, RequestProblem, TokenProblem, TokenTrouble } from './events.ts'
import { jsonResponse, oauthErrorResponse, problemResponse } from './json-response.ts'

/** The resource, as far as it shows in its challenges. */
export interface ChallengeContext {
  readonly resourceMetadataUrl: string
  /** The scopes of ordinary use. */
  readonly scopes: readonly string[]
  readonly dpop: Pick<DpopSettings, 'algorithms' | 'required'>
}

/** Why a request does not pass. `scheme`: how its token was presented; `nonce`: for its next proof; `scopes`: those that its operation needs. */
export type Refusal =
  | {
      readonly reason: Exclude<Refused, 'insufficient_scope'>
      readonly scheme?: Scheme
      readonly nonce?: string
    }
  | { readonly reason: 'insufficient_scope'; readonly scopes: readonly string[]; readonly scheme: Scheme }

type Refused = TokenProblem | TokenTrouble | PossessionProblem | RequestProblem

/** Rich reason in, plain answer out. Exhaustive: a new reason does not compile until it has an answer. */
export function refusalResponse(refusal: Refusal, context: ChallengeContext): Response {
  const scope = context.scopes.length === 0 ? undefined : formatScope(context.scopes)
  const scheme = 'scheme' in refusal ? refusal.scheme : undefined
  const challenge = (params: Params): Record<string, string> => ({
    'www-authenticate': formatChallenges(params, scheme, context),
  })
  const invalidToken = (description: string): Response =>
    oauthErrorResponse(
      401,
      'invalid_token',
      description,
      challenge({ error: 'invalid_token', error_description: description, scope }),
    )

  switch (refusal.reason) {
    case 'no_credentials':
      // No error code: nothing was wrong yet.
      return problemResponse(401, 'This resource needs an access token.', challenge({ scope }))

    case 'malformed_credentials': {
      const description = 'The Authorization header is not one access token.'
      const params = { error: 'invalid_request', error_description: description }
      return oauthErrorResponse(400, 'invalid_request', description, challenge(params))
    }

    case 'algorithm_not_allowed':
    case 'bad_signature':
    case 'malformed':
    case 'missing_claim':
    case 'not_yet_valid':
    case 'revoked':
    case 'sender_constrained':
    case 'unknown_issuer':
    case 'unknown_key':
    case 'wrong_audience':
    case 'wrong_type':
      return invalidToken('The access token is not valid here.')

    case 'expired':
      return invalidToken('The access token has expired.')

    case 'bound_token_as_bearer':
      return invalidToken('The access token is bound to a key: it needs the scheme DPoP and a proof.')

    case 'unbound_token':
      return invalidToken('The access token is not bound to a key.')

    case 'wrong_dpop_key':
      return invalidToken(DPOP_PROBLEMS.wrong_dpop_key)

    case 'missing_dpop_nonce':
    case 'wrong_dpop_nonce': {
      const description = DPOP_PROBLEMS[refusal.reason]
      const headers = challenge({ error: 'use_dpop_nonce', error_description: description, scope })
      return oauthErrorResponse(401, 'use_dpop_nonce', description, { ...headers, 'dpop-nonce': refusal.nonce ?? '' })
    }

    case 'missing_dpop_proof':
      return invalidProof('The DPoP header is missing.', challenge)

    case 'several_dpop_proofs':
    case 'malformed_dpop_proof':
    case 'wrong_dpop_type':
    case 'unsupported_dpop_algorithm':
    case 'malformed_dpop_key':
    case 'private_dpop_key':
    case 'missing_dpop_claim':
    case 'wrong_dpop_signature':
    case 'wrong_dpop_method':
    case 'wrong_dpop_url':
    case 'expired_dpop_proof':
    case 'early_dpop_proof':
    case 'wrong_dpop_token':
    case 'replayed_dpop_proof':
      return invalidProof(DPOP_PROBLEMS[refusal.reason], challenge)

    case 'insufficient_scope': {
      const description = 'The operation needs more scope than the access token has.'
      const needed = formatScope(refusal.scopes)
      const params = { error: 'insufficient_scope', error_description: description, scope: needed }
      return oauthErrorResponse(403, 'insufficient_scope', description, challenge(params))
    }

    // No token that this client can get would help: a host that asks for another one would ask in vain.
    case 'agent_refused':
      return denied('This tool is not for agents, nor for calls on their behalf.', challenge)

    case 'agent_required':
      return denied('This tool is for clients that are registered as agents.', challenge)

    case 'keys_unavailable':
    case 'replays_unavailable':
    case 'revocation_unavailable':
      return unavailableResponse()

    case 'origin_not_allowed':
      return problemResponse(403, 'Requests from this origin are not allowed.')

    case 'body_too_large':
      // The rest of the body is not read, so nothing more can come over this connection.
      return problemResponse(413, 'The request body is too large.', { connection: 'close' })

    case 'unreadable_body': {
      const error = { code: -32700, message: 'Parse error' }
      return jsonResponse(400, { jsonrpc: '2.0', error, id: null }, { 'cache-control': 'no-store' })
    }
  }
}

type Params = Readonly<Record<string, string | undefined>>

/**
 * In the scheme that was used, and with 401 the other one that would do as well. That one has no parameter that the first has, too: there
 * are hosts that look for parameters without regard to whose they are.
 */
function formatChallenges(
  params: Params,
  scheme: Scheme | undefined,
  { dpop, resourceMetadataUrl }: ChallengeContext,
): string {
  const algs = dpop.algorithms.join(' ')
  const told = { ...params, resource_metadata: resourceMetadataUrl }
  if (scheme === 'DPoP' || dpop.required) return formatChallenge('DPoP', { ...told, algs })
  const asBearer = formatChallenge('Bearer', told)
  return OF_OTHER_STATUSES.includes(params['error'] ?? '')
    ? asBearer
    : `${asBearer}, ${formatChallenge('DPoP', { algs })}`
}

const OF_OTHER_STATUSES: readonly string[] = ['invalid_request', 'insufficient_scope', 'access_denied']

function invalidProof(description: string, challenge: (params: Params) => Record<string, string>): Response {
  const headers = challenge({ error: 'invalid_dpop_proof', error_description: description })
  return oauthErrorResponse(401, 'invalid_dpop_proof', description, headers)
}

/** Not for this caller, whatever its scopes. */
function denied(description: string, challenge: (params: Params) => Record<string, string>): Response {
  const headers = challenge({ error: 'access_denied', error_description: description })
  return oauthErrorResponse(403, 'access_denied', description, headers)
}

/** Trouble of the servers' own: no 401, which would send the user to sign in again for nothing. */
export function unavailableResponse(): Response {
  const description = 'The authorization server cannot be asked right now.'
  return oauthErrorResponse(503, 'temporarily_unavailable', description, { 'retry-after': String(RETRY_DELAY) })
}
