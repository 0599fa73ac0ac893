/**
 * Rich reasons inside, RFC codes outside: every way to say no, and the one place where it becomes an OAuth error.
 * The audit log gets the reason, the wire gets the code and a constant description.
 *
 * @see RFC 6749 section 4.1.2.1 and section 5.2
 * @see RFC 9449 section 5 and section 8
 * @see RFC 8693 section 2.2.2
 * @see RFC 7591 section 3.2.2, RFC 8707 section 2, RFC 7009 section 2.2.1
 * @module
 */
import { DPOP_PROBLEMS } from '../../shared/dpop/problem.ts'
import type { OAuthErrorCode } from '../../shared/oauth-error.ts'
import { err } from '../../shared/result.ts'

/** code on the wire, HTTP status of a direct answer, description. */
type Wire = readonly [code: OAuthErrorCode, status: ErrorStatus, description: string]

/** The statuses of direct error answers. */
export type ErrorStatus = 400 | 401 | 403 | 413 | 414 | 429 | 500 | 503

const NOT_ACCEPTED = 'The assertion is not accepted here.'

const WIRE = {
  // Client and redirect URI: never told to a redirect URI.
  missing_client_id: ['invalid_request', 400, 'The client_id parameter is missing.'],
  unknown_client: [
    'invalid_client',
    401,
    'This client is not registered here. Remove the server in the application and add it again.',
  ],
  bad_client_id: ['invalid_request', 400, 'The client_id is a URL that cannot be a client here.'],
  client_domain_not_allowed: ['invalid_client', 400, 'Clients of this domain are not allowed here.'],
  // Not why: that would be a scanner of what this server can reach.
  unreadable_client_document: [
    'invalid_client',
    400,
    'What this client publishes about itself could not be read, or is not right. Try again later.',
  ],
  missing_redirect_uri: ['invalid_request', 400, 'The redirect_uri parameter is missing.'],
  unregistered_redirect_uri: ['invalid_request', 400, 'The redirect_uri is not one that this client registered.'],
  // Authorization request.
  malformed_request: ['invalid_request', 400, 'A parameter is missing, repeated or malformed.'],
  unsupported_response_type: ['unsupported_response_type', 400, 'The response_type must be code.'],
  unsupported_response_mode: ['invalid_request', 400, 'The response_mode must be query.'],
  client_may_not_authorize: ['unauthorized_client', 400, 'This client did not register the authorization_code grant.'],
  missing_code_challenge: ['invalid_request', 400, 'A code_challenge is required (PKCE).'],
  malformed_code_challenge: ['invalid_request', 400, 'The code_challenge is not an S256 challenge.'],
  unsupported_code_challenge_method: ['invalid_request', 400, 'The code_challenge_method must be S256.'],
  malformed_resource: ['invalid_target', 400, 'The resource must be an absolute URI without a fragment.'],
  unknown_resource: ['invalid_target', 400, 'No such resource is known here.'],
  missing_resource: ['invalid_target', 400, 'The resource parameter is missing.'],
  several_resources: ['invalid_target', 400, 'Only one resource can be asked for at a time.'],
  missing_scope: ['invalid_scope', 400, 'The scope parameter is missing.'],
  malformed_scope: ['invalid_scope', 400, 'The scope is malformed.'],
  unknown_scope: ['invalid_scope', 400, 'The resource has no such scope.'],
  scope_above_ceiling: ['invalid_scope', 400, 'This client may not have that scope.'],
  malformed_prompt: ['invalid_request', 400, 'The prompt none cannot stand beside others.'],
  login_required: ['login_required', 400, 'The user is not signed in.'],
  consent_required: ['consent_required', 400, 'The user has not agreed to this yet.'],
  denied_by_user: ['access_denied', 400, 'The user declined.'],
  no_longer_signed_in: ['access_denied', 400, 'The user is no longer signed in.'],
  // Token endpoint.
  unsupported_grant_type: ['unsupported_grant_type', 400, 'This grant type is not supported.'],
  missing_client_authentication: ['invalid_client', 401, 'Client authentication is missing.'],
  several_client_authentications: ['invalid_request', 400, 'Use one way of client authentication only.'],
  malformed_client_authentication: ['invalid_client', 401, 'The client authentication is malformed.'],
  wrong_client_secret: ['invalid_client', 401, 'Client authentication failed.'],
  expired_client_secret: ['invalid_client', 401, 'The client secret has expired. Use the new one, or register again.'],
  unregistered_auth_method: ['invalid_client', 401, 'Client authentication failed.'],
  unsupported_assertion_type: ['invalid_client', 401, 'The client_assertion_type is not supported.'],
  malformed_client_assertion: ['invalid_client', 401, 'The client assertion is malformed.'],
  unsupported_assertion_algorithm: ['invalid_client', 401, 'The algorithm of the client assertion is not supported.'],
  wrong_assertion_audience: [
    'invalid_client',
    401,
    'The audience of the client assertion must be the issuer of this server, and nothing else.',
  ],
  expired_client_assertion: ['invalid_client', 401, 'The client assertion has expired.'],
  endless_client_assertion: ['invalid_client', 401, 'The client assertion must expire within an hour.'],
  early_client_assertion: ['invalid_client', 401, 'The client assertion is not valid yet.'],
  wrong_assertion_signature: ['invalid_client', 401, 'Client authentication failed.'],
  client_keys_unavailable: [
    'invalid_client',
    401,
    'The keys of this client cannot be had from its jwks_uri right now.',
  ],
  replayed_client_assertion: [
    'invalid_client',
    401,
    'The client assertion was used before. Make one for each request.',
  ],
  client_is_public: ['invalid_client', 401, 'Only clients with a secret or a key may ask this.'],
  client_may_not_use_grant: ['unauthorized_client', 400, 'This client is not registered for this grant type.'],
  unknown_code: ['invalid_grant', 400, 'The authorization code is not valid.'],
  expired_code: ['invalid_grant', 400, 'The authorization code is not valid.'],
  replayed_code: ['invalid_grant', 400, 'The authorization code is not valid.'],
  client_mismatch: ['invalid_grant', 400, 'The grant is not valid for this client.'],
  redirect_uri_mismatch: ['invalid_grant', 400, 'The redirect_uri is not the one of the authorization request.'],
  verifier_mismatch: ['invalid_grant', 400, 'The code_verifier does not fit.'],
  client_keys_changed: [
    'invalid_grant',
    400,
    'The keys of this client are others than those that were agreed to. Authorize again: the person will be asked.',
  ],
  resource_mismatch: ['invalid_target', 400, 'The grant is for another resource.'],
  unknown_refresh_token: ['invalid_grant', 400, 'The refresh token is not valid.'],
  expired_refresh_token: ['invalid_grant', 400, 'The refresh token has expired.'],
  reused_refresh_token: ['invalid_grant', 400, 'The refresh token is not valid.'],
  dead_grant: ['invalid_grant', 400, 'The grant has ended.'],
  scope_beyond_grant: ['invalid_scope', 400, 'The scope goes beyond what was granted.'],
  agent_chain_too_long: [
    'invalid_request',
    400,
    'More agents would stand behind that token than a token can name (8).',
  ],
  // Token exchange. RFC 8693 section 2.2.2: what is presented and not acceptable, for whatever reason, is `invalid_request`.
  unsupported_requested_token_type: ['invalid_request', 400, 'The requested_token_type is not issued here.'],
  unsupported_subject_token_type: ['invalid_request', 400, 'Tokens of this subject_token_type are not exchanged here.'],
  unsupported_actor_token_type: ['invalid_request', 400, 'Tokens of this actor_token_type are not accepted here.'],
  unpaired_actor_token: ['invalid_request', 400, 'Send actor_token and actor_token_type together, or neither.'],
  unknown_subject_token: ['invalid_request', 400, 'The subject_token is not valid.'],
  expired_subject_token: ['invalid_request', 400, 'The subject_token has expired.'],
  dead_subject_token: ['invalid_request', 400, 'The subject_token, or what it was made from, has ended.'],
  foreign_subject_token: ['invalid_request', 400, 'The subject_token is not for this client.'],
  wrong_subject_token_key: [
    'invalid_request',
    400,
    'The subject_token is bound to another key than that of the proof.',
  ],
  subject_is_no_person: ['invalid_request', 400, 'The subject_token is of no person.'],
  unknown_actor_token: ['invalid_request', 400, 'The actor_token is not valid.'],
  expired_actor_token: ['invalid_request', 400, 'The actor_token has expired.'],
  dead_actor_token: ['invalid_request', 400, 'The actor_token, or what it was made from, has ended.'],
  foreign_actor_token: ['invalid_request', 400, 'The actor_token was not issued to this client.'],
  delegated_actor_token: ['invalid_request', 400, 'The actor_token says itself that somebody else acts.'],
  wrong_actor_token_key: ['invalid_request', 400, 'The actor_token is bound to another key than that of the proof.'],
  missing_actor_token: ['invalid_request', 400, 'This exchange needs an actor_token.'],
  actor_in_id_jag: ['invalid_request', 400, 'An ID-JAG is for the person alone: leave the actor_token out.'],
  too_many_exchanges: ['invalid_request', 400, 'The subject_token has been exchanged as often as is allowed.'],
  exchange_not_allowed: ['invalid_target', 400, 'The subject_token may not be exchanged for a token of this target.'],
  scope_beyond_subject: ['invalid_scope', 400, 'The scope goes beyond that of the subject_token.'],
  scope_beyond_policy: ['invalid_scope', 400, 'The scope goes beyond what may be exchanged here.'],
  unclear_id_jag_audience: [
    'invalid_request',
    400,
    'The audience must be the issuer of one authorization server, and nothing else.',
  ],
  unknown_id_jag_audience: ['invalid_target', 400, 'This client gets no ID-JAG for that audience here.'],
  resource_not_governed: ['invalid_target', 400, 'The resource is none of that audience.'],
  // Grants that are assertions. Which issuers are trusted is nobody's business, so what follows from that is told alike.
  malformed_grant_assertion: ['invalid_grant', 400, 'The assertion is malformed, or lacks a claim that it needs.'],
  wrong_grant_assertion_type: ['invalid_grant', 400, 'The assertion is not of the type that is needed here.'],
  wrong_grant_assertion_audience: ['invalid_grant', 400, 'The audience of the assertion is not this server alone.'],
  grant_assertion_of_other_client: ['invalid_grant', 400, 'The assertion is not for this client.'],
  own_grant_assertion: ['invalid_grant', 400, 'The assertion is of this server, and is redeemed at another one.'],
  expired_grant_assertion: ['invalid_grant', 400, 'The assertion has expired.'],
  early_grant_assertion: ['invalid_grant', 400, 'The assertion is not valid yet.'],
  grant_assertion_has_details: ['invalid_grant', 400, 'Assertions with authorization_details are not accepted here.'],
  grant_assertion_without_proof: [
    'invalid_grant',
    400,
    'The assertion, or the resource, needs tokens that are bound to a key: send a DPoP proof.',
  ],
  unknown_assertion_issuer: ['invalid_grant', 400, NOT_ACCEPTED],
  unsupported_grant_assertion_algorithm: ['invalid_grant', 400, NOT_ACCEPTED],
  endless_grant_assertion: ['invalid_grant', 400, NOT_ACCEPTED],
  wrong_grant_assertion_signature: ['invalid_grant', 400, NOT_ACCEPTED],
  issuer_keys_unavailable: ['invalid_grant', 400, NOT_ACCEPTED],
  wrong_assertion_tenant: ['invalid_grant', 400, NOT_ACCEPTED],
  unknown_workload: ['invalid_grant', 400, 'The assertion is of nobody who may have tokens here.'],
  unknown_subject: ['invalid_grant', 400, 'The assertion is of nobody who may have tokens here.'],
  subject_disabled: ['invalid_grant', 400, 'The assertion is of nobody who may have tokens here.'],
  ungoverned_resource: ['invalid_grant', 400, 'The assertion names a resource that is not known here.'],
  resource_not_asserted: ['invalid_grant', 400, 'The assertion is not for this resource.'],
  unclear_resource: ['invalid_grant', 400, 'Neither the assertion nor the request says which one resource is meant.'],
  denied_by_rules: ['invalid_grant', 400, 'This client may not go there for people of this issuer.'],
  no_scope_left: ['invalid_scope', 400, 'Nothing that was asked for is allowed.'],
  replayed_grant_assertion: ['invalid_grant', 400, 'The assertion was used before. Get a new one.'],
  client_cannot_prove_itself: ['unauthorized_client', 400, 'This grant type is for clients that prove who they are.'],
  // Proof of possession.
  missing_dpop_proof: [
    'invalid_dpop_proof',
    400,
    'This client or this resource needs tokens that are bound to a key: send a DPoP proof.',
  ],
  several_dpop_proofs: ['invalid_dpop_proof', 400, DPOP_PROBLEMS.several_dpop_proofs],
  malformed_dpop_proof: ['invalid_dpop_proof', 400, DPOP_PROBLEMS.malformed_dpop_proof],
  wrong_dpop_type: ['invalid_dpop_proof', 400, DPOP_PROBLEMS.wrong_dpop_type],
  unsupported_dpop_algorithm: ['invalid_dpop_proof', 400, DPOP_PROBLEMS.unsupported_dpop_algorithm],
  malformed_dpop_key: ['invalid_dpop_proof', 400, DPOP_PROBLEMS.malformed_dpop_key],
  private_dpop_key: ['invalid_dpop_proof', 400, DPOP_PROBLEMS.private_dpop_key],
  missing_dpop_claim: ['invalid_dpop_proof', 400, DPOP_PROBLEMS.missing_dpop_claim],
  wrong_dpop_signature: ['invalid_dpop_proof', 400, DPOP_PROBLEMS.wrong_dpop_signature],
  wrong_dpop_method: ['invalid_dpop_proof', 400, DPOP_PROBLEMS.wrong_dpop_method],
  wrong_dpop_url: ['invalid_dpop_proof', 400, DPOP_PROBLEMS.wrong_dpop_url],
  expired_dpop_proof: ['invalid_dpop_proof', 400, DPOP_PROBLEMS.expired_dpop_proof],
  early_dpop_proof: ['invalid_dpop_proof', 400, DPOP_PROBLEMS.early_dpop_proof],
  wrong_dpop_token: ['invalid_dpop_proof', 400, DPOP_PROBLEMS.wrong_dpop_token],
  replayed_dpop_proof: ['invalid_dpop_proof', 400, DPOP_PROBLEMS.replayed_dpop_proof],
  missing_dpop_nonce: ['use_dpop_nonce', 400, DPOP_PROBLEMS.missing_dpop_nonce],
  wrong_dpop_nonce: ['use_dpop_nonce', 400, DPOP_PROBLEMS.wrong_dpop_nonce],
  wrong_dpop_key: ['invalid_grant', 400, 'The grant is bound to another key than that of the DPoP proof.'],
  malformed_dpop_jkt: ['invalid_request', 400, 'The dpop_jkt is not the thumbprint of a key.'],
  // Registration.
  missing_registration_token: [
    'invalid_token',
    401,
    'Clients are registered by an administrator here, or with an initial access token from one.',
  ],
  bad_registration_token: ['invalid_token', 401, 'The initial access token is not valid.'],
  missing_redirect_uris: ['invalid_redirect_uri', 400, 'At least one redirect URI is needed.'],
  bad_redirect_uri: [
    'invalid_redirect_uri',
    400,
    'A redirect URI must be https, http on loopback, or a private-use scheme, without a fragment.',
  ],
  unapproved_redirect_uri: [
    'invalid_redirect_uri',
    400,
    'A redirect URI is not approved here. An administrator can approve it.',
  ],
  bad_application_type: ['invalid_client_metadata', 400, 'The application_type must be web or native.'],
  unsupported_auth_method: ['invalid_client_metadata', 400, 'This token_endpoint_auth_method is not supported.'],
  missing_client_keys: ['invalid_client_metadata', 400, 'A client that signs needs either jwks or jwks_uri.'],
  malformed_client_keys: [
    'invalid_client_metadata',
    400,
    'The jwks must hold public keys for signing, and nothing private; a jwks_uri must be https on the public internet.',
  ],
  malformed_software_statement: [
    'invalid_software_statement',
    400,
    'The software statement is no signed JWT. Leave it out: none is accepted here.',
  ],
  unapproved_software_statement: [
    'unapproved_software_statement',
    400,
    'Software statements are not accepted here. Leave it out.',
  ],
  malformed_metadata: ['invalid_client_metadata', 400, 'The client metadata is malformed.'],
  // For the records only: the router answers 405 by itself.
  wrong_method: ['invalid_request', 400, 'This endpoint takes another method.'],
  wrong_content_type: ['invalid_request', 400, 'The Content-Type is not the one that this endpoint takes.'],
  // Too much.
  body_too_large: ['invalid_request', 413, 'The body is longer than 65536 bytes.'],
  url_too_long: ['invalid_request', 414, 'The URL is longer than 8192 characters.'],
  too_many_parameters: ['invalid_request', 400, 'There are more than 100 parameters.'],
  parameter_too_long: ['invalid_request', 400, 'A parameter is longer than 8192 characters.'],
  rate_limited: ['temporarily_unavailable', 429, 'Too many requests. Try again after the time in Retry-After.'],
  // Forms of our pages.
  unreadable_form: ['invalid_request', 400, 'The form could not be read.'],
  credentials_too_long: ['invalid_request', 400, 'A user name or a password is longer than any can be.'],
  missing_cookie: [
    'invalid_request',
    403,
    'The browser sent no cookie with the form: it blocks cookies, or has forgotten them.',
  ],
  foreign_form: [
    'invalid_request',
    403,
    'The form is not from a page of this browser: it is old, or from another site.',
  ],
  // Our own trouble.
  unavailable: ['temporarily_unavailable', 503, 'The server cannot answer right now. Try again soon.'],
  internal_error: ['server_error', 500, 'The server failed. The error was logged.'],
} as const satisfies Record<string, Wire>

/** Why something was refused. A closed union. */
export type Reason = keyof typeof WIRE

/** A refusal. */
export interface Rejection {
  readonly reason: Reason
  /** The grant that it was about, and the client that it named and did not prove to be, for the records. */
  readonly grantId?: string
  readonly clientId?: string
  /** Of an assertion as a grant: by whom it is. */
  readonly assertion?: Voucher
}

/** A trusted issuer that an assertion names, and whom it is about; no `subject`: the issuer has not been verified, and may have said nothing of it. */
export interface Voucher {
  readonly issuer: string
  readonly subject?: string
}

/** `reject('unknown_code')`: a failed `Result`. */
export const reject = (reason: Reason): { readonly ok: false; readonly error: Rejection } => err({ reason })

/** The same refusal, of an assertion. Undefined: of an issuer that is not trusted, whose words are nobody's. */
export const rejectAssertion = (error: Rejection, assertion: Voucher | undefined): ReturnType<typeof reject> =>
  err(assertion === undefined ? error : { ...error, assertion })

export const isReason = (text: string): text is Reason => Object.hasOwn(WIRE, text)

/** What the wire says of a reason. */
export function toOAuthError(reason: Reason): {
  readonly code: OAuthErrorCode
  readonly status: ErrorStatus
  readonly description: string
} {
  const [code, status, description] = WIRE[reason]
  return { code, status, description }
}
