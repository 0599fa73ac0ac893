/**
 * What of a registration request is registered. Unknown grant types and members are left out, not refused; what is registered is told.
 *
 * @see RFC 7591 section 2 (defaults), section 3.2.2 (errors)
 * @see RFC 9449 section 5.2: `dpop_bound_access_tokens`
 * @see OpenID Connect Dynamic Client Registration 1.0 section 2: `application_type`
 * @module
 */
import * as v from 'valibot'
import { ClientJwks } from '../../../shared/client-jwks.ts'
import { ApplicationType, ClientAuthMethod, type ClientRegistrationRequest } from '../../../shared/client-metadata.ts'
import { classifyRedirectUri } from '../../../shared/redirect-uri.ts'
import { ok, type Result } from '../../../shared/result.ts'
import { checkUrl } from '../../../shared/url-policy.ts'
import type { RegistrationSettings } from '../dependencies.ts'
import type { Client, ClientDescription } from '../records.ts'
import { type Rejection, reject } from '../rejection.ts'
import { isLocalOrApproved } from './approved-redirect.ts'
import { checkSoftwareStatement } from './software-statement.ts'

/** A client as far as the request decides it. */
export type RegisteredMetadata = Pick<
  Client,
  | 'name'
  | 'redirectUris'
  | 'authMethods'
  | 'jwks'
  | 'jwksUri'
  | 'grantTypes'
  | 'responseTypes'
  | 'applicationType'
  | 'scope'
  | 'dpop'
  | 'agent'
  | 'metadata'
>

/** Which redirect URIs may be registered. */
export type RedirectSettings = Pick<RegistrationSettings, 'mode' | 'approvedRedirects'>

/** What the server offers, which bounds what can be registered. */
export interface Offered {
  readonly grantTypes: readonly string[]
  readonly authMethods: readonly string[]
  /** What DPoP proofs may be signed with; none: they are not read. */
  readonly dpopAlgorithms: readonly string[]
}

export function checkRegistration(
  request: ClientRegistrationRequest,
  settings: RedirectSettings,
  offered: Offered,
): Result<RegisteredMetadata, Rejection> {
  const statement = checkSoftwareStatement(request.software_statement)
  if (!statement.ok) return statement
  const redirectUris = checkRedirectUris(request.redirect_uris ?? [], settings)
  if (!redirectUris.ok) return redirectUris
  // RFC 7591 section 2: what a client leaves out means these.
  const authMethod = v.safeParse(ClientAuthMethod, request.token_endpoint_auth_method ?? 'client_secret_basic')
  if (!authMethod.success || !offered.authMethods.includes(authMethod.output)) return reject('unsupported_auth_method')
  const keys = checkKeys(request, authMethod.output)
  if (!keys.ok) return keys
  const known = (request.grant_types ?? []).filter((type) => offered.grantTypes.includes(type))
  const grantTypes = known.length === 0 ? ['authorization_code'] : known
  const applicationType = v.safeParse(ApplicationType, request.application_type ?? deriveType(redirectUris.value))
  if (!applicationType.success) return reject('bad_application_type')
  return ok({
    name: request.client_name ?? null,
    redirectUris: redirectUris.value,
    authMethods: [authMethod.output],
    ...keys.value,
    grantTypes: [...new Set(grantTypes)],
    // RFC 7591 section 2.1: response types and grant types must fit each other, so the former follow from the latter.
    responseTypes: grantTypes.includes('authorization_code') ? ['code'] : [],
    applicationType: applicationType.output,
    scope: request.scope ?? null,
    // Nobody is promised what is not on offer.
    dpop: request.dpop_bound_access_tokens === true && offered.dpopAlgorithms.length > 0 ? 'required' : 'optional',
    agent: request.agent === true,
    metadata: describe(request),
  })
}

/** Each URI is sound, and, where only approved ones are let in, loopback or approved. */
export function checkRedirectUris(
  uris: readonly string[],
  settings: RedirectSettings,
): Result<readonly string[], Rejection> {
  if (uris.length === 0) return reject('missing_redirect_uris')
  for (const uri of uris) {
    if (!classifyRedirectUri(uri).ok) return reject('bad_redirect_uri')
    if (settings.mode !== 'open' && !isLocalOrApproved(uri, settings.approvedRedirects))
      return reject('unapproved_redirect_uri')
  }
  return ok([...new Set(uris)])
}

/** The keys of a client that signs. Others need none, and none are kept for them. */
export function checkKeys(
  { jwks, jwks_uri: jwksUri }: Pick<ClientRegistrationRequest, 'jwks' | 'jwks_uri'>,
  authMethod: ClientAuthMethod,
): Result<Pick<Client, 'jwks' | 'jwksUri'>, Rejection> {
  if (authMethod !== 'private_key_jwt') return ok({ jwks: null, jwksUri: null })
  // RFC 7591 section 2: not both.
  if ((jwks === undefined) === (jwksUri === undefined)) return reject('missing_client_keys')
  if (jwksUri !== undefined) {
    return checkUrl(jwksUri).ok ? ok({ jwks: null, jwksUri }) : reject('malformed_client_keys')
  }
  const keys = v.safeParse(ClientJwks, jwks)
  const isGood = keys.success && keys.output.keys.length > 0
  return isGood ? ok({ jwks: keys.output, jwksUri: null }) : reject('malformed_client_keys')
}

const deriveType = (uris: readonly string[]): string =>
  uris.every((uri) => uri.startsWith('https:')) ? 'web' : 'native'

/** What describes the client. The links are fetched or shown one day: others than web URLs are left out. */
function describe(request: ClientRegistrationRequest): ClientDescription {
  const { client_uri, logo_uri, tos_uri, policy_uri, contacts, software_id, software_version } = request
  const isWebUrl = (uri: string | undefined): boolean => /^https?:$/.test(URL.parse(uri ?? '')?.protocol ?? '')
  const links = Object.entries({ client_uri, logo_uri, tos_uri, policy_uri }).filter(([, uri]) => isWebUrl(uri))
  const told = Object.entries({ contacts, software_id, software_version }).filter(([, value]) => value !== undefined)
  return Object.fromEntries([...links, ...told])
}
