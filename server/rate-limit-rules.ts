/**
 * The settings of the limits as the core reads them.
 *
 * @module
 */
import type { Settings } from './config.ts'
import type { EndpointLimits, RateLimits } from './core/rate-limits/rate-limits.ts'

/** Seconds. */
const MINUTE = 60
const HOUR = 60 * MINUTE

/** Endpoints without a setting of a kind have no limit of that kind. */
interface LimitSettings {
  readonly per_address: number
  readonly per_client?: number
  readonly failures?: number
  readonly total: number
}

export const rateLimits = (settings: Settings['rate_limits']): RateLimits => ({
  token: rules(settings.token, MINUTE),
  introspect: rules(settings.introspect, MINUTE),
  register: rules(settings.register, HOUR),
  authorize: rules(settings.authorize, MINUTE),
  sign_in: rules(settings.sign_in, MINUTE),
})

function rules({ per_address, per_client = 0, failures = 0, total }: LimitSettings, window: number): EndpointLimits {
  const rule = (limit: number) => (limit === 0 ? null : { limit, window })
  return { perAddress: rule(per_address), perClient: rule(per_client), failures: rule(failures), total: rule(total) }
}
