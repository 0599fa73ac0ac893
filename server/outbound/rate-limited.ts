/**
 * So many questions to other servers, and so many to each of them: nobody shall use this server to burden another one, nor fill its
 * database with documents made up one after the other.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 8.7
 * @see docs/adr/0120-how-much-strangers-can-make-us-fetch.md
 * @module
 */
import { err } from '../../shared/result.ts'
import type { Outbound } from '../core/outbound.ts'
import type { Clock } from '../core/ports.ts'

/** A bucket: `burst` at once, and `perMinute` in the long run. */
export interface Rate {
  readonly burst: number
  readonly perMinute: number
}

export interface OutboundLimits {
  /** In this process. Default: 100 at once, then one a second. */
  readonly all?: Rate
  /** To each host. Default: 30 at once, then 20 a minute. */
  readonly host?: Rate
  /** How many hosts are told apart; the others share a bucket. Default: 1000. */
  readonly hosts?: number
}

/** `outbound` within limits. What goes beyond them is answered `busy` at once. */
export function rateLimited(outbound: Outbound, now: Clock, limits: OutboundLimits = {}): Outbound {
  const { all = { burst: 100, perMinute: 60 }, host = { burst: 30, perMinute: 20 }, hosts = 1000 } = limits
  const buckets = new Map<string, Bucket>()
  const everyone = bucket(all, now())
  const strangers = bucket(host, now())

  const bucketOf = (name: string): Bucket => {
    const known = buckets.get(name)
    if (known !== undefined) return known
    if (buckets.size >= hosts) forgetFull(buckets, now())
    if (buckets.size >= hosts) return strangers
    const fresh = bucket(host, now())
    buckets.set(name, fresh)
    return fresh
  }

  return {
    async get(url, request) {
      // What cannot be asked anyway shall cost nobody anything: the door says what is wrong with it.
      const name = URL.parse(url)?.hostname.replace(/\.$/, '')
      if (name === undefined) return outbound.get(url, request)
      return bucketOf(name).take(now()) && everyone.take(now()) ? outbound.get(url, request) : err('busy')
    },
  }
}

interface Bucket {
  take(now: number): boolean
  isFull(now: number): boolean
}

function bucket({ burst, perMinute }: Rate, start: number): Bucket {
  let level = burst
  let at = start
  const refill = (now: number): void => {
    level = Math.min(burst, level + (Math.max(0, now - at) * perMinute) / 60)
    at = now
  }
  return {
    take(now) {
      refill(now)
      if (level < 1) return false
      level -= 1
      return true
    },
    isFull(now) {
      refill(now)
      return level === burst
    },
  }
}

/** A bucket that is full is as good as none. */
function forgetFull(buckets: Map<string, Bucket>, now: number): void {
  for (const [name, held] of buckets) if (held.isFull(now)) buckets.delete(name)
}
