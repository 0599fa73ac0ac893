/**
 * One request to a token endpoint, and the sorting of its answers: tokens, a definite no, or trouble.
 *
 * @see RFC 6749 section 5.1 (success), section 5.2 (errors)
 * @see RFC 9449 section 5: the proof
 * @module
 */
import { isForeignOAuthError } from '../../shared/foreign-oauth-error.ts'
import { type ForeignTokenResponse, readTokenResponse } from '../../shared/foreign-token-response.ts'
import type { ClientContext } from '../context.ts'
import type { ValidatedServerMetadata } from '../discovery/discovery.ts'
import { isProofRefusal, type ProofRefusal, sendProven } from '../dpop/send-proven.ts'
import type { StoredKey } from '../dpop/stored-key.ts'
import { SallyportError, saidBy } from '../errors.ts'
import type { JsonAnswer } from '../http/request-json.ts'
import type { ClientIdentity } from '../registration/client-identity.ts'
import { type FormValues, sendForm } from './send-form.ts'

/** What goes with a token request, and what ends it. */
export interface TokenRequestOptions {
  /** The key that the tokens shall be bound to, or are. */
  readonly key?: StoredKey | undefined
  readonly signal?: AbortSignal | undefined
  readonly detached?: boolean
}

/**
 * Asks for tokens, as `identity`, or as nobody where the grant itself says who asks.
 *
 * @throws {SallyportError} `invalid_grant`, `invalid_client` (a definite no: a 4xx with that very `error`), `grant_unsupported`,
 *   `token_request_failed` (another OAuth error), `server_unavailable` (5xx, 429, or an answer that is not OAuth's), `invalid_response` (200 without
 *   tokens), and as `requestJson`
 */
export async function requestToken(
  context: ClientContext,
  server: ValidatedServerMetadata,
  identity: ClientIdentity | undefined,
  params: FormValues,
  options: TokenRequestOptions = {},
): Promise<ForeignTokenResponse> {
  const answer = await askTokenEndpoint(context, server, identity, params, options)
  return readTokens(answer)
}

/** The request, whatever the answer. */
export async function askTokenEndpoint(
  context: ClientContext,
  server: ValidatedServerMetadata,
  identity: ClientIdentity | undefined,
  params: FormValues,
  { key, ...ending }: TokenRequestOptions = {},
): Promise<JsonAnswer> {
  const url = server.token_endpoint
  const send = (headers: Readonly<Record<string, string>>): Promise<JsonAnswer> =>
    sendForm(context, server, identity, params, { purpose: 'token', url, headers, ...ending })
  if (key === undefined) return send({})
  const proven = { url, method: 'POST', send: (dpop: string) => send({ dpop }), refusal, discard: () => {} }
  return sendProven(context, key, proven)
}

/** The tokens of an answer. Throws as `requestToken` does. */
export function readTokens(answer: JsonAnswer): ForeignTokenResponse {
  if (answer.status !== 200) throw failure(answer)
  const tokens = readTokenResponse(answer.json)
  if (tokens === undefined) throw new SallyportError('invalid_response', answer.about)
  return tokens
}

/** RFC 9449 section 8 shows 400; some servers say 401. */
function refusal({ status, json }: JsonAnswer): ProofRefusal | undefined {
  const error = isForeignOAuthError(json) && (status === 400 || status === 401) ? json.error : undefined
  return isProofRefusal(error) ? error : undefined
}

function failure({ status, json, about }: JsonAnswer): SallyportError {
  const definite = status >= 400 && status < 500 && status !== 429 && status !== 408
  // Proxies and overloaded servers answer with anything: only OAuth's own words say that a token is dead.
  if (!definite || !isForeignOAuthError(json)) return new SallyportError('server_unavailable', about)
  const { error } = json
  const details = { ...about, ...saidBy(json) }
  if (error === 'invalid_grant' || error === 'invalid_client') return new SallyportError(error, details)
  if (error === 'temporarily_unavailable' || error === 'server_error')
    return new SallyportError('server_unavailable', details)
  const refused = error === 'unsupported_grant_type' || error === 'unauthorized_client'
  return new SallyportError(refused ? 'grant_unsupported' : 'token_request_failed', details)
}
