/**
 * All limits of one process, and the exchange with the others: once a second, and before a request that may be one too many.
 *
 * @see docs/adr/0111-rate-limits.md
 * @see docs/adr/0112-limits-across-processes.md
 * @module
 */
import type { Digest } from '../claimed.ts'
import type { Clock, SharedLimits } from '../ports.ts'
import { type Counter, createCounter } from './counter.ts'
import { createEndpointLimiter, type EndpointLimiter } from './endpoint-limiter.ts'
import { createExchange, noExchange } from './exchange.ts'
import { type EndpointLimits, LIMIT_KINDS, type LimitedEndpoint, NO_LIMITS, type RateLimits } from './rate-limits.ts'
import type { Rule } from './rule.ts'

/** The limits of each endpoint, and what keeps processes together. */
export interface RateLimiter extends Readonly<Record<LimitedEndpoint, EndpointLimiter>> {
  /** Tells the others and hears of them. Happens by itself with the first request of each second; resolves when it is done. */
  exchange(): Promise<void>
}

/** Who reached a limit. */
export interface Limited {
  /** E.g. `token.per_address`, as in the settings. */
  readonly limit: string
  /** An address, or a /64. */
  readonly from?: string
  readonly clientId?: string
  /** The first request that was refused for it. */
  readonly requestId?: string
}

/** How processes meet. */
export interface Meeting {
  readonly shared: SharedLimits
  /** Calls it in a second. */
  readonly inASecond: (run: () => void) => void
  /** Told when an exchange failed; it is tried again. */
  readonly onFailure: (error: unknown) => void
}

export interface RateLimiterOptions {
  readonly limits: RateLimits
  readonly now: Clock
  /** What stands for the names of clients that are too long to keep. */
  readonly digest: Digest
  /** Told once for each key and window, not for each request. */
  readonly onLimited: (limited: Limited) => void
  /** Where processes meet; null: there is only one. */
  readonly meeting: Meeting | null
}

/**
 * Starts counting.
 *
 * @example
 * const limiter = createRateLimiter({ limits, now, digest, onLimited, meeting: null })
 * const seconds = limiter.token.arrive('192.0.2.1')
 */
export function createRateLimiter({ limits, now, digest, onLimited, meeting }: RateLimiterOptions): RateLimiter {
  const counters = new Map<string, Counter>()
  const exchange = meeting === null ? noExchange : createExchange({ ...meeting, counters, now })
  const onNews = meeting === null ? null : exchange.news

  const counterOf = (endpoint: LimitedEndpoint, kind: keyof EndpointLimits): Counter | null => {
    const rule = limits[endpoint][kind]
    if (rule === null) return null
    const limit = `${endpoint}.${LIMIT_KINDS[kind]}`
    const onRefused = (key: string, requestId: string | null): void =>
      onLimited({ limit, ...whose(kind, key), ...(requestId === null ? {} : { requestId }) })
    const counter = createCounter(rule, { onNews, onRefused })
    counters.set(limit, counter)
    return counter
  }

  const limiterOf = (endpoint: LimitedEndpoint): EndpointLimiter => {
    const addresses = { perAddress: counterOf(endpoint, 'perAddress'), failures: counterOf(endpoint, 'failures') }
    const others = { perClient: counterOf(endpoint, 'perClient'), total: counterOf(endpoint, 'total') }
    // Only those who sign in are people, and it is no limit of its own: nobody is told that they reached it.
    const people = endpoint === 'sign_in' ? createCounter(ONCE_A_MINUTE, { onNews }) : null
    if (people !== null) counters.set(`${endpoint}.people`, people)
    return createEndpointLimiter({ ...addresses, ...others, people }, { now, digest, exchange })
  }

  return {
    token: limiterOf('token'),
    introspect: limiterOf('introspect'),
    register: limiterOf('register'),
    authorize: limiterOf('authorize'),
    sign_in: limiterOf('sign_in'),
    exchange: exchange.meet,
  }
}

const ONCE_A_MINUTE: Rule = { limit: 1, window: 60 }

/** Refuses nobody. */
export const unlimited = (): RateLimiter =>
  createRateLimiter({ limits: NO_LIMITS, now: () => 0, digest: () => '', onLimited: () => {}, meeting: null })

/** A key as the log may show it: the client that a failing caller named may be anything. */
function whose(kind: keyof EndpointLimits, key: string): Omit<Limited, 'limit'> {
  if (kind === 'perClient') return { clientId: key }
  return kind === 'total' ? {} : { from: key.split(' ')[0] ?? key }
}
