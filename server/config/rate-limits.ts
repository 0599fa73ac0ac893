/**
 * The settings of the limits. Generous: a host that runs on servers sends hundreds of people from few addresses, and all of them at once after
 * an outage.
 *
 * @see docs/adr/0111-rate-limits.md
 * @module
 */
import * as v from 'valibot'
import { perHour, perMinute } from './setting.ts'

export const RateLimitSettings = v.strictObject({
  token: v.optional(
    v.strictObject({
      per_address: v.optional(
        perMinute('Token and revocation requests of one address, which many people may share; of IPv6, one /64.'),
        6000,
      ),
      per_client: v.optional(
        perMinute(
          'Answers with tokens for one client, all its users together, or one subject of an issuer of workloads. Refused requests do not count.',
        ),
        12_000,
      ),
      failures: v.optional(perMinute('Wrong secrets, codes and refresh tokens of one client from one address.'), 600),
      total: v.optional(perMinute('Token and revocation requests of everyone.'), 300_000),
    }),
    {},
  ),
  introspect: v.optional(
    v.strictObject({
      per_address: v.optional(perMinute('Introspection requests of one address.'), 60_000),
      per_client: v.optional(perMinute('Answers to introspection requests of one client.'), 60_000),
      failures: v.optional(perMinute('Wrong secrets of one client from one address.'), 600),
      total: v.optional(perMinute('Introspection requests of everyone.'), 300_000),
    }),
    {},
  ),
  register: v.optional(
    v.strictObject({
      per_address: v.optional(perHour('Registrations of one address: each stores a client.'), 1000),
      per_client: v.optional(
        perHour(
          'Registrations of one software, by its software_id or its name, or with one initial access token: so that one in a loop leaves the others their share.',
        ),
        10_000,
      ),
      total: v.optional(
        perHour('Registrations of everyone. Who uses them up keeps others from registering, and from nothing else.'),
        20_000,
      ),
    }),
    {},
  ),
  authorize: v.optional(
    v.strictObject({
      per_address: v.optional(perMinute('Visits of one address to the pages, those for signing in apart.'), 3000),
      per_client: v.optional(
        perMinute('What people who are signed in ask for one client: two for an authorization with a consent page.'),
        6000,
      ),
      total: v.optional(perMinute('Visits of everyone to the pages, those for signing in apart.'), 60_000),
    }),
    {},
  ),
  sign_in: v.optional(
    v.strictObject({
      per_address: v.optional(
        perMinute(
          'Visits of one address to the sign-in page, two for each sign-in. The brake on wrong passwords is another.',
        ),
        600,
      ),
      per_client: v.optional(
        perMinute('People who sign in on their way to one client. Wrong passwords do not count, nor do visits.'),
        1500,
      ),
      total: v.optional(perMinute('Visits of everyone to the sign-in page.'), 6000),
    }),
    {},
  ),
})
