/**
 * What the pages are given, and what they derive from it once.
 *
 * @module
 */
import { readForm } from '../../shared/form.ts'
import type { Audit, PageRefusal } from '../core/audit.ts'
import type { AuthorizationServer } from '../core/authorization-server.ts'
import type { Origin } from '../core/dependencies.ts'
import { attemptOf, type Trace } from '../core/flow.ts'
import type { Audited, Clock, Hash, Login, Random, Sealer, Store } from '../core/ports.ts'
import { type RateLimiter, unlimited } from '../core/rate-limits/rate-limiter.ts'
import type { Upstream } from '../core/upstream.ts'

/** Everything that the pages need. */
export interface PagesOptions {
  readonly as: AuthorizationServer
  readonly store: Audited<Pick<Store, 'sessions' | 'users' | 'grants' | 'clients' | 'clientDocuments' | 'resources'>>
  readonly login: Login
  readonly now: Clock
  readonly random: Random
  readonly hash: Hash
  readonly sealer: Sealer
  readonly audit: Audit
  /** Default: nobody wants to know. */
  readonly trace?: Trace
  /** Seconds after which a person has to sign in again. Default: a day. */
  readonly sessionTtl?: number
  /** The peer's address, for the brake on guessing. Default: one address for all. */
  readonly clientAddress?: (request: Request) => string
  /** What the limits count as one caller. Default: nobody knows. */
  readonly clientNetwork?: (request: Request) => string | null
  /** How often anyone may come. Default: as often as they like. */
  readonly limits?: Pick<RateLimiter, 'authorize' | 'sign_in'>
  /** Companies' identity providers. Default: none, and passwords. */
  readonly upstream?: Upstream | undefined
  /** Development only: every authorization request is signed in as this user and approved without a page. */
  readonly devLogin?: string | undefined
  /** The id of a request. Default: none. */
  readonly requestIdOf?: (request: Request) => string | null
  /** Told of every failure that became a 500 or 503 page. Default: `console.error`. */
  readonly onFailure?: (error: unknown, requestId: string | null) => void
}

/** The options with their defaults, and the two facts that follow from the issuer. */
export interface PagesContext extends Required<PagesOptions>, Origin {
  readonly upstream: Upstream | undefined
  /** The issuer's path, which every link begins with: '' or e.g. '/tenant'. */
  readonly base: string
  /** Whether cookies are for https only. */
  readonly secure: boolean
  /** The issuer's scheme, host and port. */
  readonly origin: string
  readonly host: string
  /** What the records call it when this page stops somebody; null: it leads to no application. */
  readonly step: PageRefusal['type'] | null
  /** The peer's address, for the records of what fails. */
  readonly visitorAddress: () => string
}

/** The same for the authorization request that `query` makes. */
export const inAttempt = (query: string, ctx: PagesContext): PagesContext => ({
  ...ctx,
  attempt: attemptOf(readForm(new URLSearchParams(query))),
})

const ONE_DAY = 24 * 60 * 60

export function pagesContext(options: PagesOptions): PagesContext {
  const issuer = new URL(options.as.issuer)
  return {
    requestId: null,
    step: null,
    visitorAddress: () => 'unknown',
    sessionTtl: ONE_DAY,
    clientAddress: () => 'unknown',
    clientNetwork: () => null,
    limits: unlimited(),
    requestIdOf: () => null,
    trace: () => {},
    onFailure: (error) => console.error(error),
    ...options,
    devLogin: options.devLogin,
    upstream: options.upstream,
    base: issuer.pathname.replace(/\/$/, ''),
    secure: issuer.protocol === 'https:',
    origin: issuer.origin,
    host: issuer.host,
  }
}
