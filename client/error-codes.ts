/**
 * The codes of the client's errors: what each means, and what a host may do about it.
 *
 * @see RFC 6749 section 5.2: what a server's own codes say
 * @module
 */

/** What a host may do about a failure. */
export interface Nature {
  /** A constant: nothing that a server sent gets into it. */
  readonly message: string
  /** A person has to act: sign in, consent, or give a client id. */
  readonly interactive?: true
  /** The same call may work later, with nothing changed. */
  readonly retryable?: true
  /** The credential or the client registration that was used is dead. */
  readonly final?: true
}

/** Every code, with what it means and what to do. docs/errors.md has the same as a table. */
export const NATURES = {
  /** The options do not go together, or a value in them cannot be used. `message` says which. A mistake in the program: mend it. */
  configuration: { message: 'The session options are not usable.' },
  /** An `AuthorizationRequiredError`: nobody is signed in, or no longer. `reason` says why. Call `authorize()`, then repeat the request. */
  authorization_required: { message: 'The resource needs authorization by a person.', interactive: true },
  /**
   * An `AuthorizationRequiredError`: the token is good, and this operation needs more. Call `authorize({ scope: error.scope })`,
   * then repeat.
   */
  insufficient_scope: { message: 'The operation needs more scope than was granted.', interactive: true },

  /**
   * A server named a URL that is not https, has user information, or lies inside a network that the resource is not in. `url` is
   * without query.
   */
  url_refused: { message: 'A URL was refused by the URL policy.' },
  /** Metadata, registration, token and revocation requests follow no redirects: somebody would be given a choice of where tokens go. */
  redirect_refused: { message: 'A redirect in answer to an authorization request was refused.' },
  /** No answer: names, connections, certificates; in a browser also a server that allows no requests from this origin. */
  network_error: { message: 'The server could not be reached.', retryable: true },
  /** No answer, or not all of it, within `timeout` seconds. */
  timeout: { message: 'The server did not answer in time.', retryable: true },
  /** The caller's signal, or the session's, ended it. */
  aborted: { message: 'The operation was aborted.' },
  /** 5xx, 429, or an answer that is not OAuth's. Nothing was deleted. `retryAfter` where the server says when to come back. */
  server_unavailable: { message: 'The server is in trouble or asks to come back later.', retryable: true },
  /** More than a megabyte of metadata or tokens. */
  response_too_large: { message: 'The answer is larger than the limit.' },
  /** A success whose content is not what the specification describes. */
  invalid_response: { message: 'The answer is not what the specification describes.' },

  /** The resource says nowhere which authorization servers it trusts. It is never taken for its own. */
  resource_metadata_not_found: { message: 'The resource publishes no protected resource metadata.' },
  /**
   * The metadata that was found is of another resource: perhaps the URL is one of the server's other names.
   * `compat.acceptParentResource` relaxes it.
   */
  resource_mismatch: { message: 'The protected resource metadata describes another resource.' },
  /** `chooseAuthorizationServer` chose none, or one that the resource does not list. */
  no_authorization_server: { message: 'None of the listed authorization servers was chosen.' },
  /** The issuer publishes no metadata under either name. */
  server_metadata_not_found: { message: 'The authorization server publishes no metadata.' },
  /** The metadata at the issuer's address is of another issuer. Byte for byte: a slash counts. */
  issuer_mismatch: { message: 'The authorization server metadata names another issuer.' },
  /** The metadata does not promise PKCE with S256, without which a stolen code is worth something. */
  pkce_unsupported: { message: 'The authorization server does not declare PKCE with S256.' },
  /** The metadata lacks an endpoint that this grant needs. */
  endpoint_missing: { message: 'The authorization server lacks an endpoint that is needed.' },

  /**
   * `client.issuer` (or the grant's) is not the server that the resource names now. Nothing was sent there. Configure the client for
   * the new server.
   */
  client_issuer_mismatch: { message: 'The client credentials belong to another authorization server.' },
  /** The server takes no registrations and no documents: a person has to bring a client id. */
  registration_unavailable: {
    message: 'The authorization server offers no registration, and no client id is configured.',
    interactive: true,
  },
  /** The server refused the registration. `oauthError` and `errorDescription` are its words. */
  registration_failed: { message: 'The authorization server refused to register the client.' },

  /** What came back is no authorization response: no URL, no code, or a parameter twice. */
  callback_invalid: { message: 'The authorization response is malformed.' },
  /** The server promises `iss` in its responses, and this one has none: it comes from somewhere else. */
  iss_missing: { message: 'The authorization response lacks the issuer that the server promises to send.' },
  /** The response comes from another server. Nothing of it is shown or obeyed. */
  iss_mismatch: { message: 'The authorization response comes from another authorization server.' },
  /** The response belongs to another sign-in, or to nobody's. */
  state_mismatch: { message: 'The authorization response does not belong to this flow.' },
  /** The flow was completed before, has expired, or began in another store. Begin anew. */
  flow_unknown: { message: 'The flow is unknown, or was completed before.', interactive: true },
  /** Nobody came back in time. Begin anew. */
  flow_expired: { message: 'The flow has expired.', interactive: true },
  /** The person declined. */
  authorization_denied: { message: 'The request was denied.', interactive: true },
  /** The server answered with an error other than a refusal by the person: `oauthError`. */
  authorization_failed: { message: 'The authorization server answered the request with an error.' },

  /** The code, the refresh token or the assertion is not good (any more). */
  invalid_grant: { message: 'The authorization server rejected the grant.', interactive: true, final: true },
  /** The server does not know the client, or not with this proof. A registration of our own is forgotten and renewed once. */
  invalid_client: { message: 'The authorization server does not accept the client.', interactive: true, final: true },
  /** The server refused with another error: `oauthError`. */
  token_request_failed: { message: 'The authorization server refused the token request.' },
  /** `unsupported_grant_type` or `unauthorized_client`: the administrator of the server has to allow this grant. */
  grant_unsupported: { message: 'The authorization server does not offer this grant, or not to this client.' },
  /** A grant of the host's own threw; what it threw is the `cause`. */
  grant_failed: { message: "The host's own grant failed before tokens were asked for." },
  /** The company's identity provider wants a fresh or stronger sign-in. Send the person there, then repeat. */
  identity_rejected: { message: 'The identity provider wants a new sign-in.', interactive: true },
  /** An assertion is no such thing, or is for another server, client or resource. It was sent to nobody. */
  assertion_unusable: { message: 'The assertion is not usable.' },
  /** The server's metadata has no `private_key_jwt`, or not with the algorithm of this key. */
  client_authentication_unsupported: {
    message: 'The authorization server knows no way in which this client can prove itself.',
  },
  /** Bound tokens are demanded, by the session or the resource, and the server issues none, or with no algorithm that we know. */
  dpop_unavailable: {
    message: 'DPoP is required, and the session or the authorization server does not do it.',
  },
  /** A Bearer token where a bound one was demanded. It is neither stored nor sent. */
  dpop_downgrade: { message: 'DPoP is required, and the token is not bound to the key.' },
  /** Neither Bearer nor DPoP. */
  token_type_unsupported: { message: 'The authorization server issued a token of an unsupported type.' },
  /** The server had trouble. The credential is kept, and nobody is signed out; `retryAfter` says when to try again. */
  refresh_unavailable: { message: 'The refresh failed for the moment; the credential is kept.', retryable: true },

  /** A person is needed, and no interaction was passed in, or none works here. */
  interaction_unavailable: { message: 'No interaction is able to run here.', interactive: true },
  /** The fixed port of the loopback listener is taken. */
  port_in_use: { message: 'The port of the loopback listener is taken by another program.', retryable: true },
  /** The person closed the window, pasted something else three times, or the interaction threw: `cause`. */
  interaction_failed: { message: 'The interaction ended without an authorization response.', interactive: true },
  /** The brake: several sign-ins came to nothing. `authorize({ force: true })` when the person presses the button. */
  too_many_attempts: { message: 'Too many authorization attempts; not tried again for now.', interactive: true },
  /** The token was renewed, and the body of the request is a stream that has been read. Make the request anew. */
  body_not_replayable: { message: 'The request has to be sent again, and its body is a stream.', retryable: true },
  /** The store threw, or has a record that cannot be used: `cause`. */
  store_failed: { message: 'The store failed.' },
  /** Another process held the lock for too long. */
  store_busy: { message: 'The store stayed locked by another process.', retryable: true },
} as const satisfies Record<string, Nature>

/** The closed union of reasons. Switch over it. */
export type SallyportErrorCode = keyof typeof NATURES
