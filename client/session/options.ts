/**
 * The options of a session, and the context that they become.
 *
 * @module
 */
import { parseScope } from '../../shared/scope.ts'
import type { ChooseAuthorizationServer, ClientCompat, ClientContext, ClientOptions, Fetch } from '../context.ts'
import { preferHeld } from '../discovery/choose-server.ts'
import { type DpopMode, isDpopMode } from '../dpop/binding.ts'
import { createPeers, listening } from '../dpop/peers.ts'
import { misconfigured } from '../errors.ts'
import type { SessionEvent } from '../events.ts'
import type { GrantType } from '../grants/grant-type.ts'
import type { Interaction } from '../interactions/interaction.ts'
import { checkClientOptions } from '../registration/pre-registered.ts'
import { resourceUrl } from '../resource-url.ts'
import { memoryStore } from '../stores/memory.ts'
import type { Store } from '../stores/store.ts'

/** Seconds that one request to a server may take. */
const DEFAULT_TIMEOUT = 30

/** Everything is optional; the defaults make a session that registers itself, keeps tokens in memory and asks nobody. */
export interface SessionOptions {
  /** Who the host is. Default: registered on the fly as `MCP client`. */
  readonly client?: ClientOptions
  /** Where credentials are kept. Default: a memory store of this session's own. */
  readonly store?: Store
  /** Separates accounts of one resource in one store. Default `default`; the grant's name where no person is behind it. */
  readonly profile?: string
  /**
   * How tokens are obtained. Default: the authorization code, with a person and a browser. `clientCredentials()` for agents,
   * `deviceCode()` for machines without a browser, `refreshToken()` for a token from elsewhere, or one of your own (`defineGrant`).
   */
  readonly grant?: GrantType
  /** How a person is asked. Default: nobody is, and `authorize` throws `interaction_unavailable` where one is needed. */
  readonly interaction?: Interaction | readonly Interaction[]
  /** The scopes of the first authorization, where the resource's challenge names none. Default: all that its metadata lists. */
  readonly scope?: string | readonly string[]
  /**
   * Whether tokens are bound to a key of this session's, so that nobody else can use them. `preferred` (the default): where the
   * authorization server does it; its Bearer answer is accepted, and a resource that asks for Bearer gets the token so. `required`:
   * anything else is an error, and what is stored without a key counts as absent. `off`: never.
   */
  readonly dpop?: DpopMode
  /**
   * Sends every request. Default `globalThis.fetch`. The URL policy judges addresses, not what a name resolves to: a host on a
   * server puts an egress proxy or a `fetch` that pins checked addresses here.
   */
  readonly fetch?: Fetch
  /** The clock, in seconds since the epoch. */
  readonly now?: () => number
  /** Waits for some seconds, or rejects with the signal's reason: beside `now`, for tests. */
  readonly sleep?: (seconds: number, signal: AbortSignal) => Promise<void>
  /** Seconds that one request to a server may take; requests to the resource are the host's own. Default 30. */
  readonly timeout?: number
  /** Ends everything that the session is doing. */
  readonly signal?: AbortSignal
  /** Traces the session. Secrets never enter an event; what it throws is ignored. */
  readonly onEvent?: (event: SessionEvent) => void
  /** Picks one of the listed issuers. Default: one that this client has credentials for, else the first. */
  readonly chooseAuthorizationServer?: ChooseAuthorizationServer
  /** Deviations that a particular server needs. */
  readonly compat?: ClientCompat
}

/** @throws {SallyportError} `configuration` */
export function toContext(resource: string | URL, options: SessionOptions): ClientContext {
  const {
    client = {},
    grant,
    scope = grant?.scope ?? [],
    timeout = DEFAULT_TIMEOUT,
    dpop = 'preferred',
    onEvent,
  } = options
  checkClientOptions(client)
  grant?.machinery.check(grant, options)
  if (!(timeout > 0)) throw misconfigured('timeout is more than 0, in seconds')
  if (!isDpopMode(dpop)) throw misconfigured('dpop is required, preferred or off')
  const peers = createPeers()
  // Not detached: some runtimes want `fetch` called on its global.
  const fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init))
  const now = options.now ?? (() => Math.floor(Date.now() / 1000))
  return {
    resource: resourceUrl(resource),
    // What a machine was given for itself must not be taken for what a person has granted.
    profile: options.profile ?? (grant?.unattended === true ? grant.name : 'default'),
    client,
    scope: typeof scope === 'string' ? parseScope(scope) : scope,
    compat: options.compat ?? {},
    dpop,
    grant,
    store: options.store ?? memoryStore(now),
    fetch: listening(fetch, peers),
    peers,
    now,
    sleep: options.sleep,
    timeout,
    signal: options.signal,
    emit: (event) => {
      try {
        onEvent?.(event)
      } catch {
        // A tracer's trouble is its own.
      }
    },
    choose: options.chooseAuthorizationServer ?? preferHeld,
  }
}

export function toInteractions({ interaction = [] }: SessionOptions): readonly Interaction[] {
  return 'prepare' in interaction ? [interaction] : interaction
}
