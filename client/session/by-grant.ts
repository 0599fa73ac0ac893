/**
 * Tokens by the grant that the host passed in: an identity, a key, and what the grant itself asks for.
 *
 * @see RFC 6749 section 4.4, section 4.5
 * @see MCP OAuth client credentials extension: no dynamic registration for clients that act for themselves
 * @module
 */
import { writeForm } from '../../shared/form.ts'
import { checkUrl } from '../../shared/url-policy.ts'
import { configuredId } from '../context.ts'
import { discover } from '../discovery/discover.ts'
import type { Discovery } from '../discovery/discovery.ts'
import { newBinding } from '../dpop/new-binding.ts'
import type { StoredKey } from '../dpop/stored-key.ts'
import { hasCode, misconfigured, SallyportError } from '../errors.ts'
import { withoutQuery } from '../events.ts'
import { withBehind } from '../grants/behind.ts'
import type { DeviceCode, GrantStep, GrantType } from '../grants/grant-type.ts'
import { requestJson } from '../http/request-json.ts'
import { type ChosenIdentity, chooseIdentity, forgetIdentity } from '../registration/choose.ts'
import type { ClientIdentity } from '../registration/client-identity.ts'
import { wireResource } from '../resource-url.ts'
import { sleep } from '../sleep.ts'
import { authenticateClient } from '../token/client-authentication.ts'
import { type Credential, toCredential } from '../token/credential.ts'
import { requestToken } from '../token/token-request.ts'
import type { SessionOptions } from './options.ts'
import type { SessionState } from './state.ts'

/** What goes along with every grant. */
export interface GrantMachinery {
  /** @throws {SallyportError} `configuration`, which says what does not go together */
  readonly check: (grant: GrantType, options: SessionOptions) => void
  readonly obtain: typeof obtainByGrant
}

function check(grant: GrantType, { client = {}, store, profile }: SessionOptions): void {
  if (grant.personal === true && store !== undefined && profile === undefined) {
    throw misconfigured('this grant needs a profile beside a store, one for each person')
  }
  if (grant.unattended === true && grant.anonymous !== true && configuredId(client) === undefined) {
    throw misconfigured('this grant needs a client that the server knows: client.id, or client.metadataUrl')
  }
}

/**
 * Runs `grant` for `scope`.
 *
 * @throws {SallyportError} `client_issuer_mismatch`, `grant_failed`, and what the grant's own requests throw
 */
async function obtainByGrant(
  state: SessionState,
  grant: GrantType,
  discovery: Discovery,
  scope: readonly string[],
  signal: AbortSignal,
): Promise<Credential> {
  const { context } = state
  grant.checkServer?.(discovery.serverMetadata)
  const choose = (): Promise<ChosenIdentity | undefined> => identityFor(state, grant, discovery, signal)
  const chosen = await choose()
  try {
    return await once(state, grant, discovery, chosen?.identity, scope, signal)
  } catch (error) {
    if (!hasCode(error, 'invalid_client') || chosen === undefined) throw error
    state.stale = true
    await forgetIdentity(context, chosen.identity)
    // A registration from an earlier day may be gone at the server: then register once more and ask again.
    if (!chosen.reused) throw error
    const anew = await discover(context, { refresh: true, signal })
    return once(state, grant, anew, (await identityFor(state, grant, anew, signal))?.identity, scope, signal)
  }
}

export const grantMachinery: GrantMachinery = { check, obtain: obtainByGrant }

async function identityFor(
  { context }: SessionState,
  grant: GrantType,
  { serverMetadata }: Discovery,
  signal: AbortSignal,
): Promise<ChosenIdentity | undefined> {
  if (grant.anonymous === true && configuredId(context.client) === undefined) return undefined
  return chooseIdentity(context, serverMetadata, undefined, signal)
}

async function once(
  state: SessionState,
  grant: GrantType,
  discovery: Discovery,
  identity: ClientIdentity | undefined,
  scope: readonly string[],
  signal: AbortSignal,
): Promise<Credential> {
  const { context } = state
  const { issuer } = discovery
  const dpop = await newBinding(context, discovery, await grant.key?.())
  const resource = wireResource(context, discovery)
  const over = new AbortController()
  const step = stepOf(state, discovery, identity, scope, dpop?.key, AbortSignal.any([signal, over.signal]))
  context.emit({ type: 'grant_started', grant: grant.name, issuer, scope })
  try {
    const answer = await grant.obtain(withBehind(step, { context, dpop }))
    const clientId = identity?.clientId ?? ''
    return toCredential(answer, { resource, issuer, clientId, requestedScope: scope, scope, dpop }, context.now())
  } catch (cause) {
    if (cause instanceof SallyportError || signal.aborted) throw cause
    throw new SallyportError('grant_failed', { cause })
  } finally {
    // Whatever the grant still shows or waits for.
    over.abort()
  }
}

function stepOf(
  { context, interactions }: SessionState,
  discovery: Discovery,
  identity: ClientIdentity | undefined,
  scope: readonly string[],
  key: StoredKey | undefined,
  signal: AbortSignal,
): GrantStep {
  const { serverMetadata: server, issuer } = discovery
  const indicator = wireResource(context, discovery)
  return {
    resource: context.resource,
    indicator,
    issuer,
    server,
    clientId: identity?.clientId,
    scope,
    token: (params) => requestToken(context, server, identity, { resource: indicator, ...params }, { key, signal }),
    authentication: async () =>
      identity === undefined ? { headers: {}, params: {} } : authenticateClient(context, identity, server),
    post: (url, params, headers) =>
      requestJson(context, {
        purpose: 'grant',
        url,
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        body: writeForm(params).toString(),
        signal,
      }),
    show: (code) => show(context.resource, interactions, code),
    fetch: context.fetch,
    now: context.now,
    sleep: (seconds) => (context.sleep ?? sleep)(seconds, signal),
    signal,
  }
}

/** By the first interaction that can. */
async function show(resource: string, interactions: SessionState['interactions'], code: DeviceCode): Promise<void> {
  for (const url of [code.verificationUri, code.verificationUriComplete]) {
    if (url !== undefined && !checkUrl(url, resource).ok) {
      throw new SallyportError('url_refused', { url: withoutQuery(url) })
    }
  }
  let problem: unknown
  for (const one of interactions) {
    if (one.showCode === undefined) continue
    try {
      return await one.showCode(code)
    } catch (cause) {
      if (code.signal.aborted) throw cause
      problem ??= cause
    }
  }
  if (problem instanceof SallyportError) throw problem
  throw problem === undefined
    ? new SallyportError('interaction_unavailable')
    : new SallyportError('interaction_failed', { cause: problem })
}
