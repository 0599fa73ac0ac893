/**
 * A session: one resource, one profile, and everything that it takes to be allowed in.
 *
 * @see MCP 2026-07-28, authorization
 * @module
 */
import { parseScope, unionScopes } from '../../shared/scope.ts'
import { beginFlow, checkRedirectUri } from '../authorization/begin.ts'
import type { Callback } from '../authorization/callback.ts'
import { completeFlow } from '../authorization/complete.ts'
import type { Flow } from '../authorization/flow.ts'
import type { Fetch } from '../context.ts'
import { hasCode } from '../errors.ts'
import { chooseIdentity } from '../registration/choose.ts'
import { type Grant, isAlive, toGrant } from '../token/credential.ts'
import { type AuthorizeOptions, authorize, discoverForAuthorization, scopeFor } from './authorize.ts'
import { createFetch } from './fetch.ts'
import { type SessionOptions, toContext, toInteractions } from './options.ts'
import { type LogoutOptions, type LogoutResult, signOut } from './sign-out.ts'
import { adopt, createState, readStored, type SessionState } from './state.ts'
import { withState } from './state-of.ts'
import { untilAborted } from './until-aborted.ts'

/** How to begin a flow that the host carries through by itself. */
export interface BeginOptions {
  /** Where the host receives the callback: https, loopback http, or a private-use scheme. */
  readonly redirectUri: string
  readonly scope?: string | readonly string[]
  readonly signal?: AbortSignal
}

/** One resource, one profile. Every method but `begin` and `complete` works without knowing what OAuth is. */
export interface Session {
  /** The resource's URL. */
  readonly resource: string
  /**
   * A `fetch` for the resource, bound: hand it to a transport. Other URLs pass through untouched.
   *
   * @throws {AuthorizationRequiredError} when a person is needed: call `authorize`, then repeat
   * @throws {SallyportError} `refresh_unavailable`, `body_not_replayable`, and what discovery throws
   */
  readonly fetch: Fetch
  /**
   * Makes sure that there is a usable credential; asks a person through the session's interactions if there is none, or if scope is
   * lacking. Shares one run between callers.
   *
   * @throws {SallyportError} anything that can go wrong on the way; trouble of a server never opens a browser
   */
  readonly authorize: (options?: AuthorizeOptions) => Promise<Grant>
  /**
   * Starts a flow: send the person to `flow.url`, keep `flow` with their web session.
   *
   * @throws {SallyportError} `configuration` for a redirect URI that cannot be one, and what discovery and registration throw
   */
  readonly begin: (options: BeginOptions) => Promise<Flow>
  /**
   * Ends a flow with the callback: issuer, `state`, `error`, `code`, in that order. Works once.
   *
   * @throws {SallyportError} `flow_unknown`, `flow_expired`, what is wrong with the callback, and what the token request throws
   */
  readonly complete: (
    flow: Pick<Flow, 'state'>,
    callback: Callback,
    options?: { readonly signal?: AbortSignal },
  ) => Promise<Grant>
  /** What the store has: a live token, one that can be refreshed, or nothing. Never touches the network. */
  readonly status: () => Promise<'ready' | 'refreshable' | 'signed-out'>
  /** Revokes, then deletes, and reports both. Network trouble does not keep it from deleting. */
  readonly logout: (options?: LogoutOptions) => Promise<LogoutResult>
}

/**
 * Opens a session for a protected resource. Nothing is sent until something is needed.
 *
 * @param resource the MCP server's URL: https, or http on loopback
 * @throws {SallyportError} `configuration` for options that cannot work
 * @example
 * const session = createSession('https://mcp.example.com/mcp', { client: { name: 'My Host' }, interaction: loopback() })
 * await session.authorize()
 * await client.connect(new StreamableHTTPClientTransport(new URL(session.resource), { fetch: session.fetch }))
 */
export function createSession(resource: string | URL, options: SessionOptions = {}): Session {
  const context = toContext(resource, options)
  const state = createState(context, toInteractions(options))
  const session: Session = {
    resource: context.resource,
    fetch: createFetch(state),
    authorize: ({ scope, force = false, signal } = {}) =>
      untilAborted(context, signal, async () => {
        const wanted = unionScopes(state.wanted, toScopes(scope))
        return toGrant(await authorize(state, wanted, { force, signal }), context.resource)
      }),
    begin: (begin) => untilAborted(context, begin.signal, () => beginHosted(state, begin)),
    complete: ({ state: id }, callback, { signal } = {}) =>
      untilAborted(context, signal, () => completeHosted(state, id, callback, signal)),
    status: () => untilAborted(context, undefined, () => statusOf(state)),
    logout: (logout = {}) => untilAborted(context, logout.signal, () => signOut(state, logout)),
  }
  return withState(session, state)
}

async function beginHosted(state: SessionState, { redirectUri, scope, signal }: BeginOptions): Promise<Flow> {
  const { context } = state
  checkRedirectUri(redirectUri)
  const credential = await readStored(state)
  const discovery = await discoverForAuthorization(state, credential, signal)
  const { identity } = await chooseIdentity(context, discovery.serverMetadata, redirectUri, signal)
  const asked = scopeFor(state, discovery, credential, toScopes(scope))
  return (await beginFlow(context, discovery, identity, redirectUri, asked)).flow
}

async function completeHosted(
  state: SessionState,
  id: string,
  callback: Callback,
  signal: AbortSignal | undefined,
): Promise<Grant> {
  const { context } = state
  try {
    const credential = await completeFlow(context, id, callback, signal)
    await adopt(state, credential)
    return toGrant(credential, context.resource)
  } catch (error) {
    if (hasCode(error, 'invalid_client')) state.stale = true
    throw error
  }
}

async function statusOf(state: SessionState): Promise<'ready' | 'refreshable' | 'signed-out'> {
  const stored = await readStored(state)
  if (stored === undefined || stored.generation === state.rejected) return 'signed-out'
  if (isAlive(stored, state.context.now())) return 'ready'
  return stored.refreshToken === undefined ? 'signed-out' : 'refreshable'
}

const toScopes = (scope: string | readonly string[] | undefined): readonly string[] =>
  typeof scope === 'string' ? parseScope(scope) : (scope ?? [])
