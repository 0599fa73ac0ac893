/**
 * The client's errors in words, for those who print them: pages that do not, do not load them.
 *
 * @see docs/errors.md
 * @module
 */
import { SallyportError } from './errors.ts'

/** Constants: nothing that a server sent gets into them. docs/errors.md says of each code what to do. */
export const TEXTS = {
  /** The options do not go together, or a value in them cannot be used. `message` says which. A mistake in the program: mend it. */
  configuration: 'The session options are not usable.',
  /** An `AuthorizationRequiredError`: nobody is signed in, or no longer. `reason` says why. Call `authorize()`, then repeat the request. */
  authorization_required: 'The resource needs authorization by a person.',
  /**
   * An `AuthorizationRequiredError`: the token is good, and this operation needs more. Call `authorize({ scope: error.scope })`,
   * then repeat.
   */
  insufficient_scope: 'The operation needs more scope than was granted.',

  /**
   * A server named a URL that is not https, has user information, or lies inside a network that the resource is not in. `url` is
   * without query.
   */
  url_refused: 'A URL was refused by the URL policy.',
  /** Metadata, registration, token and revocation requests follow no redirects: somebody would be given a choice of where tokens go. */
  redirect_refused: 'A redirect in answer to an authorization request was refused.',
  /** No answer: names, connections, certificates; in a browser also a server that allows no requests from this origin. */
  network_error: 'The server could not be reached.',
  /** No answer, or not all of it, within `timeout` seconds. */
  timeout: 'The server did not answer in time.',
  /** The caller's signal, or the session's, ended it. */
  aborted: 'The operation was aborted.',
  /** 5xx, 429, or an answer that is not OAuth's. Nothing was deleted. `retryAfter` where the server says when to come back. */
  server_unavailable: 'The server is in trouble or asks to come back later.',
  /** More than a megabyte of metadata or tokens. */
  response_too_large: 'The answer is larger than the limit.',
  /** A success whose content is not what the specification describes. */
  invalid_response: 'The answer is not what the specification describes.',

  /** The resource says nowhere which authorization servers it trusts. It is never taken for its own. */
  resource_metadata_not_found: 'The resource publishes no protected resource metadata.',
  /**
   * The metadata that was found is of another resource: perhaps the URL is one of the server's other names.
   * `compat.acceptParentResource` relaxes it.
   */
  resource_mismatch: 'The protected resource metadata describes another resource.',
  /** `chooseAuthorizationServer` chose none, or one that the resource does not list. */
  no_authorization_server: 'None of the listed authorization servers was chosen.',
  /** The issuer publishes no metadata under either name. */
  server_metadata_not_found: 'The authorization server publishes no metadata.',
  /** The metadata at the issuer's address is of another issuer. Byte for byte: a slash counts. */
  issuer_mismatch: 'The authorization server metadata names another issuer.',
  /** The metadata does not promise PKCE with S256, without which a stolen code is worth something. */
  pkce_unsupported: 'The authorization server does not declare PKCE with S256.',
  /** The metadata lacks an endpoint that this grant needs. */
  endpoint_missing: 'The authorization server lacks an endpoint that is needed.',

  /**
   * `client.issuer` (or the grant's) is not the server that the resource names now. Nothing was sent there. Configure the client for
   * the new server.
   */
  client_issuer_mismatch: 'The client credentials belong to another authorization server.',
  /** The server takes no registrations and no documents: a person has to bring a client id. */
  registration_unavailable: 'The authorization server offers no registration, and no client id is configured.',
  /** The server refused the registration. `oauthError` and `errorDescription` are its words. */
  registration_failed: 'The authorization server refused to register the client.',

  /** What came back is no authorization response: no URL, no code, or a parameter twice. */
  callback_invalid: 'The authorization response is malformed.',
  /** The server promises `iss` in its responses, and this one has none: it comes from somewhere else. */
  iss_missing: 'The authorization response lacks the issuer that the server promises to send.',
  /** The response comes from another server. Nothing of it is shown or obeyed. */
  iss_mismatch: 'The authorization response comes from another authorization server.',
  /** The response belongs to another sign-in, or to nobody's. */
  state_mismatch: 'The authorization response does not belong to this flow.',
  /** The flow was completed before, has expired, or began in another store. Begin anew. */
  flow_unknown: 'The flow is unknown, or was completed before.',
  /** Nobody came back in time. Begin anew. */
  flow_expired: 'The flow has expired.',
  /** The person declined. */
  authorization_denied: 'The request was denied.',
  /** The server answered with an error other than a refusal by the person: `oauthError`. */
  authorization_failed: 'The authorization server answered the request with an error.',

  /** The code, the refresh token or the assertion is not good (any more). */
  invalid_grant: 'The authorization server rejected the grant.',
  /** The server does not know the client, or not with this proof. A registration of our own is forgotten and renewed once. */
  invalid_client: 'The authorization server does not accept the client.',
  /** The server refused with another error: `oauthError`. */
  token_request_failed: 'The authorization server refused the token request.',
  /** `unsupported_grant_type` or `unauthorized_client`: the administrator of the server has to allow this grant. */
  grant_unsupported: 'The authorization server does not offer this grant, or not to this client.',
  /** A grant of the host's own threw; what it threw is the `cause`. */
  grant_failed: "The host's own grant failed before tokens were asked for.",
  /** The company's identity provider wants a fresh or stronger sign-in. Send the person there, then repeat. */
  identity_rejected: 'The identity provider wants a new sign-in.',
  /** An assertion is no such thing, or is for another server, client or resource. It was sent to nobody. */
  assertion_unusable: 'The assertion is not usable here.',
  /** The server's metadata has no `private_key_jwt`, or not with the algorithm of this key. */
  client_authentication_unsupported: 'The authorization server knows no way in which this client can prove itself.',
  /** Bound tokens are demanded, by the session or the resource, and the server issues none, or with no algorithm that we know. */
  dpop_unavailable: 'DPoP is required, and the session or the authorization server does not do it.',
  /** A Bearer token where a bound one was demanded. It is neither stored nor sent. */
  dpop_downgrade: 'DPoP is required, and the token is not bound to the key.',
  /** Neither Bearer nor DPoP. */
  token_type_unsupported: 'The authorization server issued a token of an unsupported type.',
  /** The server had trouble. The credential is kept, and nobody is signed out; `retryAfter` says when to try again. */
  refresh_unavailable: 'The refresh failed for the moment; the credential is kept.',

  /** A person is needed, and no interaction was passed in, or none works here. */
  interaction_unavailable: 'No interaction is able to run here.',
  /** The fixed port of the loopback listener is taken. */
  port_in_use: 'The port of the loopback listener is taken by another program.',
  /** The person closed the window, pasted something else three times, or the interaction threw: `cause`. */
  interaction_failed: 'The interaction ended without an authorization response.',
  /** The brake: several sign-ins came to nothing. `authorize({ force: true })` when the person presses the button. */
  too_many_attempts: 'Too many authorization attempts; not tried again for now.',
  /** The token was renewed, and the body of the request is a stream that has been read. Make the request anew. */
  body_not_replayable: 'The request has to be sent again, and its body is a stream.',
  /** The store threw, or has a record that cannot be used: `cause`. */
  store_failed: 'The store failed.',
  /** Another process held the lock for too long. */
  store_busy: 'The store stayed locked by another process.',
} as const

/**
 * What went wrong, in a sentence; of any other error what it says itself.
 *
 * @example catch (error) { console.error(describeError(error)) }
 */
export function describeError(error: unknown): string {
  if (!(error instanceof SallyportError)) return error instanceof Error ? error.message : String(error)
  const { code, cause } = error
  // What is wrong with options is said by ourselves.
  return code === 'configuration' && cause instanceof Error
    ? `${TEXTS[code].slice(0, -1)}: ${cause.message}`
    : TEXTS[code]
}
