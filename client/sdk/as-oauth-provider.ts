/**
 * A session as the `OAuthClientProvider` of either SDK generation, for hosts that cannot hand a `fetch` to their transport.
 *
 * @see https://github.com/modelcontextprotocol/typescript-sdk: `OAuthClientProvider`
 * @see docs/adr/0170-what-the-sdks-are-handed.md
 * @module
 */
import { formatChallenge } from '../../shared/challenge.ts'
import { formatScope, includesScopes, parseScope, unionScopes } from '../../shared/scope.ts'
import { AuthorizationRequiredError } from '../errors.ts'
import { forgetIdentity } from '../registration/choose.ts'
import type { Session } from '../session/session.ts'
import { authenticateClient } from '../token/client-authentication.ts'
import { type DiscoveryState, toDiscoveryState } from './discovery-state.ts'
import { type HandedOut, handingOut } from './handed-out.ts'
import { createSdkFlow, type OAuthHost } from './sdk-flow.ts'

/** Fits `authProvider` of the transports of `@modelcontextprotocol/sdk` 1.x and `@modelcontextprotocol/client` 2.x. */
export interface OAuthProvider {
  readonly redirectUrl: string
  readonly clientMetadata: { redirect_uris: string[]; client_name: string }
  readonly discoveryState: () => Promise<DiscoveryState>
  readonly clientInformation: () => Promise<{ client_id: string; issuer: string }>
  readonly addClientAuthentication: (headers: Headers, params: URLSearchParams) => Promise<void>
  readonly tokens: () => Promise<
    { access_token: string; token_type: string; issuer: string; scope?: string } | undefined
  >
  readonly saveTokens: (tokens: object) => Promise<void>
  readonly redirectToAuthorization: (url: URL) => Promise<void>
  readonly saveCodeVerifier: (verifier: string) => void
  readonly codeVerifier: () => Promise<string>
  readonly invalidateCredentials: (what: string) => Promise<void>
}

/**
 * The SDK runs its own OAuth code, and finds it done: discovery, registration, PKCE and scopes are the session's, tokens are refreshed by the
 * session before the SDK sees them, and the SDK never has a refresh token. What is left of its own, it has with its limits:
 *
 * - tokens go out as Bearer, so the session is made with `dpop: 'off'`;
 * - a 401 for a token that has not expired costs one failed call, whether the session could renew it or not: the SDK can only ask a person;
 * - without `host` a person's turn is an `AuthorizationRequiredError`, as with `session.fetch`: call `session.authorize({ scope: error.scope })`
 *   (it returns at once where a renewal was enough), then repeat;
 * - with `host` the SDK throws its own `UnauthorizedError` after `host.redirect`. `session.complete(flow, callbackUrl)` ends the flow with
 *   every check; `transport.finishAuth(...)` works too, and checks what the SDK checks (1.x: neither `state` nor `iss`).
 *
 * `session.fetch` in the transport's `fetch` has none of these limits.
 *
 * @throws {SallyportError} `configuration` unless the session was made with `dpop: 'off'`
 * @example
 * const session = createSession(url, { dpop: 'off', interaction: loopback() })
 * await session.authorize()
 * await client.connect(new StreamableHTTPClientTransport(new URL(url), { authProvider: asOAuthProvider(session) }))
 */
export function asOAuthProvider(session: Session, host?: OAuthHost): OAuthProvider {
  const tokens = handingOut(session)
  const { state } = tokens
  const { context } = state
  const flow = createSdkFlow(session, state, host)
  // Without a host it only has to be there: the URL that the SDK makes of it is never opened.
  const redirectUrl = host?.redirectUrl ?? context.resource
  return {
    redirectUrl,
    clientMetadata: { redirect_uris: [redirectUrl], client_name: context.client.name ?? 'MCP client' },
    discoveryState: async () => toDiscoveryState(await flow.discovery()),

    async clientInformation() {
      // Otherwise a client would be registered for a redirect URI that nobody uses.
      if (host === undefined) return { client_id: context.resource, issuer: (await flow.discovery()).issuer }
      const { clientId, issuer } = (await flow.client()).identity
      return { client_id: clientId, issuer }
    },

    async addClientAuthentication(headers, params) {
      const { identity, server } = await flow.client()
      const added = await authenticateClient(context, identity, server)
      for (const [name, value] of Object.entries(added.headers)) headers.set(name, value)
      for (const [name, value] of Object.entries(added.params)) params.set(name, value)
    },

    async tokens() {
      const credential = await tokens.next()
      if (credential === undefined) return undefined
      const { accessToken, issuer, scope } = credential
      const granted = scope.length === 0 ? {} : { scope: formatScope(scope) }
      return { access_token: accessToken, token_type: 'Bearer', issuer, ...granted }
    },

    saveTokens: flow.redeemed,
    codeVerifier: flow.codeVerifier,
    // That of a flow which goes nowhere.
    saveCodeVerifier: () => {},

    async redirectToAuthorization(url) {
      const error = await reasonFor(tokens, parseScope(url.searchParams.get('scope') ?? undefined))
      context.emit({ type: 'authorization_required', reason: error.reason, scope: error.scope })
      if (host === undefined) throw error
      await flow.redirect(host, error.scope)
    },

    async invalidateCredentials(what) {
      // That tokens are dead the session hears for itself.
      if (what !== 'all' && what !== 'client') return
      state.stale = true
      await forgetIdentity(context, (await flow.client()).identity)
    },
  }
}

/**
 * Why the SDK wants a person. It does not tell a token that was refused from one that is too narrow.
 *
 * @throws {AuthorizationRequiredError} where none is needed any more: the next request will go through
 */
async function reasonFor(tokens: HandedOut, asked: readonly string[]): Promise<AuthorizationRequiredError> {
  const { state } = tokens
  const { resource } = state.context
  const used = tokens.last()
  const needed = asked.filter((scope) => scope !== 'offline_access')
  if (used !== undefined && !includesScopes(used.scope, needed)) {
    state.wanted = unionScopes(state.wanted, needed)
    const scope = unionScopes(used.requestedScope, used.scope, asked)
    return new AuthorizationRequiredError('insufficient_scope', resource, scope)
  }
  try {
    await tokens.refused(new Headers({ 'www-authenticate': formatChallenge('Bearer', { scope: formatScope(asked) }) }))
  } catch (error) {
    if (error instanceof AuthorizationRequiredError) return error
    throw error
  }
  throw new AuthorizationRequiredError('token_rejected', resource, used?.requestedScope)
}
