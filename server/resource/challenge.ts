/**
 * What a caller is told who may not pass: one answer for each reason, with the challenge that says what would help.
 *
 * @see RFC 6750 section 3 and section 3.1: the challenge, the codes and their statuses
 * @see RFC 9728 section 5.1: `resource_metadata`
 * @see MCP 2026-07-28, authorization, error handling and scope challenges
 * @module
 */
import { formatChallenge } from '../../shared/challenge.ts'
import { formatScope } from '../../shared/scope.ts'
import { RETRY_DELAY } from './authorization-server.ts'
import type { RequestProblem, TokenProblem, TokenTrouble } from './events.ts'
import { jsonResponse, oauthErrorResponse, problemResponse } from './json-response.ts'

/** The resource, as far as it shows in its challenges. */
export interface ChallengeContext {
  readonly resourceMetadataUrl: string
  /** The scopes of ordinary use. */
  readonly scopes: readonly string[]
}

/** Why a request does not pass. `scopes` are those that its operation needs. */
export type Refusal =
  | { readonly reason: TokenProblem | TokenTrouble | Exclude<RequestProblem, 'insufficient_scope'> }
  | { readonly reason: 'insufficient_scope'; readonly scopes: readonly string[] }

/** Rich reason in, plain answer out. Exhaustive: a new reason does not compile until it has an answer. */
export function refusalResponse(refusal: Refusal, { resourceMetadataUrl, scopes }: ChallengeContext): Response {
  const scope = scopes.length === 0 ? undefined : formatScope(scopes)
  const challenge = (params: Record<string, string | undefined>): Record<string, string> => ({
    'www-authenticate': formatChallenge('Bearer', { ...params, resource_metadata: resourceMetadataUrl }),
  })

  switch (refusal.reason) {
    case 'no_credentials':
      // No error code: nothing was wrong yet.
      return problemResponse(401, 'This resource needs an access token.', challenge({ scope }))

    case 'malformed_credentials': {
      const description = 'The Authorization header is not one bearer token.'
      const params = { error: 'invalid_request', error_description: description }
      return oauthErrorResponse(400, 'invalid_request', description, challenge(params))
    }

    case 'algorithm_not_allowed':
    case 'bad_signature':
    case 'expired':
    case 'malformed':
    case 'missing_claim':
    case 'not_yet_valid':
    case 'revoked':
    case 'sender_constrained':
    case 'unknown_issuer':
    case 'unknown_key':
    case 'wrong_audience':
    case 'wrong_type': {
      const description =
        refusal.reason === 'expired' ? 'The access token has expired.' : 'The access token is not valid here.'
      const params = { error: 'invalid_token', error_description: description, scope }
      return oauthErrorResponse(401, 'invalid_token', description, challenge(params))
    }

    case 'insufficient_scope': {
      const description = 'The operation needs more scope than the access token has.'
      const needed = formatScope(refusal.scopes)
      const params = { error: 'insufficient_scope', error_description: description, scope: needed }
      return oauthErrorResponse(403, 'insufficient_scope', description, challenge(params))
    }

    case 'keys_unavailable':
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

/** Trouble of the servers' own: no 401, which would send the user to sign in again for nothing. */
export function unavailableResponse(): Response {
  const description = 'The authorization server cannot be asked right now.'
  return oauthErrorResponse(503, 'temporarily_unavailable', description, { 'retry-after': String(RETRY_DELAY) })
}
