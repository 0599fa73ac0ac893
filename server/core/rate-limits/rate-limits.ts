/**
 * The table of limits: which endpoint counts what. An endpoint that comes later adds a line here and its settings.
 *
 * @see docs/adr/0111-rate-limits.md
 * @module
 */
import type { Rule } from './rule.ts'

/** The endpoints that have limits. Revocation counts as `token`. */
export type LimitedEndpoint = 'token' | 'introspect' | 'register' | 'authorize' | 'sign_in'

/** The limits of one endpoint; null: no limit of that kind. */
export interface EndpointLimits {
  /** Of one address, or one /64 of IPv6. */
  readonly perAddress: Rule | null
  /** Of one client, wherever it is: only what went well counts, so strangers cannot use it up. */
  readonly perClient: Rule | null
  /** What failed of one client from one address: guessing. */
  readonly failures: Rule | null
  /** Of everyone. */
  readonly total: Rule | null
}

/** The names of the kinds, as they are in the settings and in logs. */
export const LIMIT_KINDS = {
  perAddress: 'per_address',
  perClient: 'per_client',
  failures: 'failures',
  total: 'total',
} as const satisfies Record<keyof EndpointLimits, string>

export type RateLimits = Readonly<Record<LimitedEndpoint, EndpointLimits>>

const NONE: EndpointLimits = { perAddress: null, perClient: null, failures: null, total: null }

/** For servers that stand behind limits of another kind. */
export const NO_LIMITS: RateLimits = {
  token: NONE,
  introspect: NONE,
  register: NONE,
  authorize: NONE,
  sign_in: NONE,
}
