/**
 * Everything that can go wrong in the client, as one class and one table.
 *
 * @see RFC 6749 section 5.2: `error`, `error_description`, `error_uri`
 * @module
 */

/** What a host may do about a failure. */
interface Nature {
  /** A constant: nothing that a server sent gets into it. */
  readonly message: string
  /** A person has to act: sign in, consent, or give a client id. */
  readonly interactive?: true
  /** The same call may work later, with nothing changed. */
  readonly retryable?: true
  /** The credential or the client registration that was used is dead. */
  readonly final?: true
}

const NATURES = {
  configuration: { message: 'The session options are not usable.' },
  authorization_required: { message: 'The resource needs authorization by a person.', interactive: true },
  insufficient_scope: { message: 'The operation needs more scope than was granted.', interactive: true },

  url_refused: { message: 'A URL was refused by the URL policy.' },
  redirect_refused: { message: 'A redirect in answer to an authorization request was refused.' },
  network_error: { message: 'The server could not be reached.', retryable: true },
  timeout: { message: 'The server did not answer in time.', retryable: true },
  aborted: { message: 'The operation was aborted.' },
  server_unavailable: { message: 'The server is in trouble or asks to come back later.', retryable: true },
  response_too_large: { message: 'The answer is larger than the limit.' },
  invalid_response: { message: 'The answer is not what the specification describes.' },

  resource_metadata_not_found: { message: 'The resource publishes no protected resource metadata.' },
  resource_mismatch: { message: 'The protected resource metadata describes another resource.' },
  no_authorization_server: { message: 'None of the listed authorization servers was chosen.' },
  server_metadata_not_found: { message: 'The authorization server publishes no metadata.' },
  issuer_mismatch: { message: 'The authorization server metadata names another issuer.' },
  pkce_unsupported: { message: 'The authorization server does not declare PKCE with S256.' },
  endpoint_missing: { message: 'The authorization server lacks an endpoint that is needed.' },

  client_issuer_mismatch: { message: 'The client credentials belong to another authorization server.' },
  registration_unavailable: {
    message: 'The authorization server offers no registration, and no client id is configured.',
    interactive: true,
  },
  registration_failed: { message: 'The authorization server refused to register the client.' },

  callback_invalid: { message: 'The authorization response is malformed.' },
  iss_missing: { message: 'The authorization response lacks the issuer that the server promises to send.' },
  iss_mismatch: { message: 'The authorization response comes from another authorization server.' },
  state_mismatch: { message: 'The authorization response does not belong to this flow.' },
  flow_unknown: { message: 'The flow is unknown, or was completed before.', interactive: true },
  flow_expired: { message: 'The flow has expired.', interactive: true },
  authorization_denied: { message: 'The request was denied.', interactive: true },
  authorization_failed: { message: 'The authorization server answered the request with an error.' },

  invalid_grant: { message: 'The authorization server rejected the grant.', interactive: true, final: true },
  invalid_client: { message: 'The authorization server does not accept the client.', interactive: true, final: true },
  token_request_failed: { message: 'The authorization server refused the token request.' },
  grant_unsupported: { message: 'The authorization server does not offer this grant, or not to this client.' },
  grant_failed: { message: "The host's own grant failed before tokens were asked for." },
  client_authentication_unsupported: {
    message: 'The authorization server knows no way in which this client can prove itself.',
  },
  dpop_unavailable: {
    message: 'DPoP is required, and the session or the authorization server does not do it.',
  },
  dpop_downgrade: { message: 'DPoP is required, and the token is not bound to the key.' },
  token_type_unsupported: { message: 'The authorization server issued a token of an unsupported type.' },
  refresh_unavailable: { message: 'The refresh failed for the moment; the credential is kept.', retryable: true },

  interaction_unavailable: { message: 'No interaction is able to run here.', interactive: true },
  port_in_use: { message: 'The port of the loopback listener is taken by another program.', retryable: true },
  interaction_failed: { message: 'The interaction ended without an authorization response.', interactive: true },
  too_many_attempts: { message: 'Too many authorization attempts; not tried again for now.', interactive: true },
  body_not_replayable: { message: 'The request has to be sent again, and its body is a stream.', retryable: true },
  store_failed: { message: 'The store failed.' },
  store_busy: { message: 'The store stayed locked by another process.', retryable: true },
} as const satisfies Record<string, Nature>

/** The closed union of reasons. Switch over it. */
export type SallyportErrorCode = keyof typeof NATURES

/** What an error may carry beside its code. */
export interface SallyportErrorDetails {
  readonly cause?: unknown
  /** The OAuth `error` that a server sent. */
  readonly oauthError?: string | undefined
  /** The server's own words. Show them as foreign text only. */
  readonly errorDescription?: string | undefined
  readonly errorUri?: string | undefined
  /** Seconds until a new attempt makes sense. */
  readonly retryAfter?: number | undefined
  /** The HTTP status that was answered. */
  readonly status?: number | undefined
  /** The URL, without query, that the failure is about. */
  readonly url?: string | undefined
}

/** The stamp by which both generations of the MCP SDK let an error of a `fetch` through unwrapped. */
const AUTH_SEAM = Symbol.for('mcp.authSeamEscape')

/**
 * The one error class of the client.
 *
 * `code` tells what happened; `interactive` (a person must act), `retryable` (later may work) and `final` (the credential or
 * registration is dead) tell what to do. `message` is a constant; a server's words are on `errorDescription` only.
 *
 * @example
 * try { await session.authorize() } catch (error) {
 *   if (error instanceof SallyportError && error.retryable) return retryIn(error.retryAfter ?? 5)
 *   throw error
 * }
 */
export class SallyportError extends Error {
  override readonly name: string = 'SallyportError'
  readonly code: SallyportErrorCode
  readonly interactive: boolean
  readonly retryable: boolean
  readonly final: boolean
  readonly oauthError: string | undefined
  readonly errorDescription: string | undefined
  readonly errorUri: string | undefined
  readonly retryAfter: number | undefined
  readonly status: number | undefined
  readonly url: string | undefined
  readonly [AUTH_SEAM] = true

  constructor(code: SallyportErrorCode, details: SallyportErrorDetails = {}) {
    const nature: Nature = NATURES[code]
    super(nature.message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.interactive = nature.interactive ?? false
    this.retryable = nature.retryable ?? false
    this.final = nature.final ?? false
    this.oauthError = details.oauthError
    this.errorDescription = details.errorDescription
    this.errorUri = details.errorUri
    this.retryAfter = details.retryAfter
    this.status = details.status
    this.url = details.url
  }
}

/** Why a person is needed. `insufficient_scope` is not an expired sign-in: the present token keeps working for the rest. */
export type AuthorizationReason =
  | 'signed_out'
  | 'token_rejected'
  | 'refresh_rejected'
  | 'insufficient_scope'
  | 'authorization_server_changed'

/**
 * Thrown by `session.fetch` instead of waiting for a person. Call `session.authorize({ scope: error.scope })`, then repeat the
 * request. `code` is `insufficient_scope` where a valid token lacks scope, else `authorization_required`.
 *
 * @example
 * if (error instanceof AuthorizationRequiredError) await session.authorize({ scope: error.scope })
 */
export class AuthorizationRequiredError extends SallyportError {
  override readonly name = 'AuthorizationRequiredError'
  readonly reason: AuthorizationReason
  /** The resource that asks. */
  readonly resource: string
  /** The scopes to ask for: requested, granted and challenged together. Empty: let discovery choose. */
  readonly scope: readonly string[]

  constructor(
    reason: AuthorizationReason,
    resource: string,
    scope: readonly string[] = [],
    details: SallyportErrorDetails = {},
  ) {
    super(reason === 'insufficient_scope' ? 'insufficient_scope' : 'authorization_required', details)
    this.reason = reason
    this.resource = resource
    this.scope = scope
  }
}

/**
 * Narrows to one of some codes.
 *
 * @example if (hasCode(error, 'network_error', 'timeout')) return 'offline'
 */
export function hasCode(error: unknown, ...codes: readonly SallyportErrorCode[]): error is SallyportError {
  return error instanceof SallyportError && codes.includes(error.code)
}
