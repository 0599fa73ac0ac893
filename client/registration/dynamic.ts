/**
 * Dynamic client registration, for servers that know no other way.
 *
 * @see RFC 7591 section 3.1 (request), section 3.2.1 (response), section 3.2.2 (errors)
 * @see OpenID Connect Dynamic Client Registration 1.0 section 2: `application_type`
 * @see RFC 9449 section 5.2: `dpop_bound_access_tokens`
 * @module
 */
import type { ClientAuthMethod } from '../../shared/client-metadata.ts'
import { type ForeignClientInformation, isForeignClientInformation } from '../../shared/foreign-client-information.ts'
import { isForeignOAuthError } from '../../shared/foreign-oauth-error.ts'
import { type Guarded, isNumber, isOptional, isRecord, isString } from '../../shared/guard.ts'
import { isLoopbackUrl } from '../../shared/loopback.ts'
import { matchesRedirectUri } from '../../shared/redirect-uri-match.ts'
import { type ClientContext, randomToken } from '../context.ts'
import type { ValidatedServerMetadata } from '../discovery/discovery.ts'
import { SallyportError, saidBy } from '../errors.ts'
import { requestJson } from '../http/request-json.ts'
import { authMethods, isKnownAuthMethod } from '../token/client-authentication.ts'
import type { ClientIdentity } from './client-identity.ts'

/** A registration as it is stored, per issuer. `secretExpiresAt` in seconds since the epoch. */
export const isRegistration = isRecord({
  generation: isString,
  issuer: isString,
  clientId: isString,
  clientSecret: isOptional(isString),
  secretExpiresAt: isOptional(isNumber),
  authMethod: isOptional(isString),
  /** Absent for a grant that has none. */
  redirectUri: isOptional(isString),
})
export type Registration = Guarded<typeof isRegistration>

/**
 * Registers the client with `redirectUri`, or for a grant that has none.
 *
 * @throws {SallyportError} `registration_unavailable`, `registration_failed`, `server_unavailable`, `invalid_response`
 */
export async function register(
  context: ClientContext,
  server: ValidatedServerMetadata,
  redirectUri: string | undefined,
  signal?: AbortSignal,
): Promise<Registration> {
  const url = server.registration_endpoint
  if (url === undefined) throw new SallyportError('registration_unavailable')
  const { status, json, about } = await requestJson(context, {
    purpose: 'registration',
    url,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(registrationRequest(context, server, redirectUri)),
    signal,
  })
  if (status >= 500 || status === 429) throw new SallyportError('server_unavailable', about)
  if (status >= 400) {
    throw new SallyportError('registration_failed', { ...about, ...(isForeignOAuthError(json) && saidBy(json)) })
  }
  // RFC 7591 says 201; some servers say 200.
  if (status > 201 || !isForeignClientInformation(json)) throw new SallyportError('invalid_response', about)
  return toRegistration(json, server.issuer, redirectUri)
}

function registrationRequest(context: ClientContext, server: ValidatedServerMetadata, redirectUri: string | undefined) {
  const { client } = context
  return {
    client_name: client.name ?? 'MCP client',
    redirect_uris: redirectUri === undefined ? [] : [redirectUri],
    // Absent would mean `client_secret_basic` and no refresh token: RFC 7591 section 2.
    token_endpoint_auth_method: wantedAuthMethod(server),
    grant_types: [context.grant?.name ?? 'authorization_code', 'refresh_token'],
    response_types: redirectUri === undefined ? [] : ['code'],
    application_type: applicationType(redirectUri),
    // RFC 9449 section 5.2: from then on nobody gets a token for this client without a proof.
    dpop_bound_access_tokens: context.dpop === 'required' ? true : undefined,
    // No scope: some servers make it a ceiling, and a later step-up would run into it.
    client_uri: client.uri,
    logo_uri: client.logoUri,
    software_id: client.softwareId,
    agent: client.agent,
    software_version: client.softwareVersion,
  }
}

/** `none` wherever the server allows it: a secret that every installation can read proves nothing. */
function wantedAuthMethod(server: ValidatedServerMetadata): ClientAuthMethod {
  const offered = authMethods(server)
  return offered.includes('none') ? 'none' : (offered[0] ?? 'none')
}

/** Loopback and private-use redirects belong to an application on the person's machine, and so does a grant without a redirect. */
function applicationType(redirectUri = ''): 'native' | 'web' {
  const url = URL.parse(redirectUri)
  return url?.protocol === 'https:' && !isLoopbackUrl(url) ? 'web' : 'native'
}

function toRegistration(
  answer: ForeignClientInformation,
  issuer: string,
  redirectUri: string | undefined,
): Registration {
  const { client_id, client_secret, client_secret_expires_at, token_endpoint_auth_method } = answer
  return {
    generation: randomToken(16),
    issuer,
    clientId: client_id,
    redirectUri,
    clientSecret: client_secret,
    // RFC 7591 section 3.2.1: 0 means never.
    secretExpiresAt: client_secret === undefined ? undefined : client_secret_expires_at || undefined,
    authMethod: token_endpoint_auth_method,
  }
}

/** Whether a stored registration still fits: its secret is alive, and its redirect URI is this one but for a loopback port. */
export function fits(registration: Registration, redirectUri: string | undefined, now: number): boolean {
  if (registration.secretExpiresAt !== undefined && registration.secretExpiresAt <= now) return false
  // A grant without a redirect has registrations of its own.
  if (redirectUri === undefined || registration.redirectUri === undefined) return true
  return matchesRedirectUri(registration.redirectUri, redirectUri, { localhostAnyPort: false })
}

export function toIdentity({ issuer, clientId, clientSecret, authMethod }: Registration): ClientIdentity {
  const method = isKnownAuthMethod(authMethod) ? authMethod : undefined
  return { source: 'dynamic', issuer, clientId, clientSecret, authMethod: method }
}
