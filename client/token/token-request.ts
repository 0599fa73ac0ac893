/**
 * One request to a token endpoint, and the sorting of its answers: tokens, a definite no, or trouble.
 *
 * @see RFC 6749 section 5.1 (success), section 5.2 (errors)
 * @module
 */
import * as v from 'valibot'
import { writeForm } from '../../shared/form.ts'
import { ForeignOAuthError } from '../../shared/oauth-error.ts'
import { ForeignTokenResponse } from '../../shared/token-response.ts'
import type { ClientContext } from '../context.ts'
import type { ValidatedServerMetadata } from '../discovery/discovery.ts'
import { SallyportError } from '../errors.ts'
import { withoutQuery } from '../events.ts'
import { retryAfter } from '../http/caching.ts'
import { type JsonAnswer, requestJson } from '../http/request-json.ts'
import type { ClientIdentity } from '../registration/client-identity.ts'
import { authenticateClient } from './client-authentication.ts'

/**
 * Asks for tokens.
 *
 * @throws {SallyportError} `invalid_grant`, `invalid_client` (a definite no: a 4xx with that very `error`), `token_request_failed`
 *   (another OAuth error), `server_unavailable` (5xx, 429, or an answer that is not OAuth's), `invalid_response` (200 without
 *   tokens), and as `requestJson`
 */
export async function requestToken(
  context: ClientContext,
  server: ValidatedServerMetadata,
  identity: ClientIdentity,
  params: Readonly<Record<string, string | undefined>>,
  ending: { readonly signal?: AbortSignal | undefined; readonly detached?: boolean } = {},
): Promise<ForeignTokenResponse> {
  const authentication = authenticateClient(identity, server)
  const answer = await requestJson(context, {
    purpose: 'token',
    url: server.token_endpoint,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...authentication.headers },
    body: writeForm({ ...params, ...authentication.params }).toString(),
    ...ending,
  })
  if (answer.status !== 200) throw refusal(answer, server.token_endpoint, context.now())
  const parsed = v.safeParse(ForeignTokenResponse, answer.json)
  if (!parsed.success)
    throw new SallyportError('invalid_response', { status: 200, url: withoutQuery(server.token_endpoint) })
  return parsed.output
}

function refusal({ status, headers, json }: JsonAnswer, endpoint: string, now: number): SallyportError {
  const url = withoutQuery(endpoint)
  const after = retryAfter(headers, now)
  const problem = v.safeParse(ForeignOAuthError, json)
  const definite = status >= 400 && status < 500 && status !== 429 && status !== 408 && problem.success
  // Proxies and overloaded servers answer with anything: only OAuth's own words say that a token is dead.
  if (!definite) return new SallyportError('server_unavailable', { status, url, retryAfter: after })
  const { error, error_description, error_uri } = problem.output
  const details = {
    status,
    url,
    retryAfter: after,
    oauthError: error,
    errorDescription: error_description,
    errorUri: error_uri,
  }
  if (error === 'invalid_grant' || error === 'invalid_client') return new SallyportError(error, details)
  if (error === 'temporarily_unavailable' || error === 'server_error')
    return new SallyportError('server_unavailable', details)
  return new SallyportError('token_request_failed', details)
}
