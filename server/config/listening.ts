/**
 * Where the server listens, who it is to the world, and how it stops.
 *
 * @module
 */
import * as v from 'valibot'
import { readAddressRange } from '../../shared/address-range.ts'
import { list, nonEmpty, seconds, text, whole } from './setting.ts'

export const LISTENING = {
  issuer: v.optional(
    text(
      nonEmpty,
      'a URL',
      'The public URL of this server, which clients compare byte for byte: https, or http on loopback; no query, no fragment.',
      { dev: '`http://localhost:PORT`', defaultText: 'none: must be set' },
    ),
  ),
  port: v.optional(whole(0, 65535, 'The TCP port to listen on.'), 9100),
  host: v.optional(
    text(
      nonEmpty,
      'an address',
      'The address to listen on. `localhost` means this machine only, over IPv4 and IPv6; `0.0.0.0` or `::` everyone (containers).',
    ),
    'localhost',
  ),
  workers: v.optional(
    whole(
      1,
      256,
      'How many processes serve, on one port; more than one needs Linux. A file database is shared, one in memory cannot be.',
    ),
    1,
  ),
  trusted_proxies: v.optional(
    list(
      v.pipe(
        v.string(),
        v.check((proxy) => proxy === 'loopback' || readAddressRange(proxy) !== null),
      ),
      'IP addresses, ranges like 10.0.0.0/8, or loopback',
      "Reverse proxies whose `X-Forwarded-For` names the client, for limits and the brake on password guessing: addresses, ranges (`10.0.0.0/8`, `fd00::/8`), `loopback` for this machine's. Behind one that is not listed, everyone counts as one address; whoever is in a range that is can name any address.",
    ),
    [],
  ),
}

export const ShutdownConfig = v.strictObject({
  drain: v.optional(
    seconds(
      0,
      300,
      'How long the server goes on serving after SIGTERM, while `/health/ready` says 503: load balancers must notice.',
      { dev: 0 },
    ),
    5,
  ),
  limit: v.optional(
    seconds(0, 600, 'How long requests in flight then get to finish. Streams that never end are cut off.', {
      dev: 3,
    }),
    10,
  ),
})
