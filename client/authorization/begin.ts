/**
 * The authorization request: a flow record in the store, a URL for the browser.
 *
 * @see OAuth 2.1 section 4.1.1 (draft-ietf-oauth-v2-1-16): the request, PKCE with S256
 * @see RFC 8707 section 2.1: `resource`
 * @see RFC 9449 section 10: `dpop_jkt` binds the code to the key, so that whoever takes it away has no use for it
 * @see OpenID Connect Core 1.0 section 11: `offline_access` goes with `prompt=consent`
 * @module
 */
import { writeForm } from '../../shared/form.ts'
import { isLoopbackHost } from '../../shared/loopback.ts'
import { s256 } from '../../shared/pkce.ts'
import { DANGEROUS_SCHEME } from '../../shared/redirect-uri.ts'
import { formatScope } from '../../shared/scope.ts'
import { type ClientContext, randomToken } from '../context.ts'
import { codeFlowEndpoint } from '../discovery/authorization-server.ts'
import type { Discovery } from '../discovery/discovery.ts'
import { newBinding } from '../dpop/new-binding.ts'
import { signingKey } from '../dpop/stored-key.ts'
import { misconfigured } from '../errors.ts'
import { fingerprint } from '../events.ts'
import type { ClientIdentity } from '../registration/client-identity.ts'
import { wireResource } from '../resource-url.ts'
import { flowKey } from '../stores/keys.ts'
import { FLOW_LIFETIME, type Flow, type FlowRecord } from './flow.ts'

/**
 * Starts a flow. Nothing is sent; the record is stored before the URL exists.
 *
 * @throws {SallyportError} `dpop_unavailable`, `pkce_unsupported`, `endpoint_missing`
 */
export async function beginFlow(
  context: ClientContext,
  discovery: Discovery,
  identity: ClientIdentity,
  redirectUri: string,
  scope: readonly string[],
): Promise<{ readonly flow: Flow; readonly record: FlowRecord }> {
  const endpoint = codeFlowEndpoint(discovery.serverMetadata)
  const dpop = await newBinding(context, discovery)
  const state = randomToken()
  const codeVerifier = randomToken()
  const resource = wireResource(context, discovery)
  const expiresAt = context.now() + FLOW_LIFETIME
  const record: FlowRecord = {
    generation: randomToken(16),
    dropAfter: expiresAt,
    state,
    codeVerifier,
    issuer: discovery.issuer,
    server: discovery.serverMetadata,
    sessionResource: context.resource,
    clientId: identity.clientId,
    redirectUri,
    scope: [...scope],
    expiresAt,
    resource,
    dpop,
  }
  await context.store.set(flowKey(state), record)
  const url = await authorizationUrl(endpoint, record)
  const { issuer } = record
  context.emit({ type: 'authorization_started', issuer, scope, flow: await fingerprint(state) })
  return { flow: { state, url, redirectUri, issuer, resource: resource ?? context.resource, scope, expiresAt }, record }
}

async function authorizationUrl(endpoint: string, record: FlowRecord): Promise<string> {
  const { scope, dpop } = record
  const url = new URL(endpoint)
  const params = writeForm({
    response_type: 'code',
    client_id: record.clientId,
    redirect_uri: record.redirectUri,
    state: record.state,
    code_challenge: await s256(record.codeVerifier),
    code_challenge_method: 'S256',
    resource: record.resource,
    dpop_jkt: dpop && (await signingKey(dpop.key)).thumbprint,
    scope: scope.length === 0 ? undefined : formatScope(scope),
    prompt: scope.includes('offline_access') ? 'consent' : undefined,
  })
  // `set`, not `append`: an endpoint with a query of its own must not smuggle in a second value.
  for (const [name, value] of params) url.searchParams.set(name, value)
  return url.href
}

/**
 * Refuses what no server should take, before anything is sent: RFC 8252 section 7, section 8.4.
 *
 * @throws {SallyportError} `configuration`
 */
export function checkRedirectUri(uri: string): void {
  if (!canRedirectTo(uri)) throw misconfigured('redirectUri is https, or http on loopback, or of a private-use scheme')
}

/** A scheme of an application's own is followed by a slash: RFC 8252 section 7.1. */
function canRedirectTo(uri: string): boolean {
  const url = URL.parse(uri)
  if (url === null || DANGEROUS_SCHEME.test(url.protocol) || uri.includes('#')) return false
  return url.protocol === 'http:' ? isLoopbackHost(url.hostname) : uri.startsWith(`${url.protocol}/`)
}
