/**
 * The brake on guessing: how many sign-ins may fail for one name from one address, and from one address at all.
 *
 * There is no limit for a name alone: it would let anyone lock anyone out.
 *
 * @see NIST SP 800-63B section 5.2.2: rate limiting
 * @module
 */
import ipaddr from 'ipaddr.js'
import { RateLimiterMemory } from 'rate-limiter-flexible'

/** Seconds that a brake stays on, and in which failures are counted together. */
export const ATTEMPT_WINDOW = 15 * 60

/** Limits of the brake. */
export interface AttemptLimits {
  /** Failures for one name from one address. */
  readonly perName: number
  /** Failures from one address. */
  readonly perAddress: number
  /** How many names and addresses are remembered; beyond that the least recently seen is forgotten. */
  readonly remembered: number
}

export const ATTEMPT_LIMITS: AttemptLimits = { perName: 5, perAddress: 50, remembered: 50_000 }

/** Counts attempts before they are judged, so that a hundred at once cannot all slip through. */
export interface Attempts {
  /** False: this one must not even be looked at. */
  begin(username: string, address: string): Promise<boolean>
  /** The attempt was good: it does not count, and the name starts afresh at this address. */
  succeeded(username: string, address: string): Promise<void>
}

/** A brake that lives in this process. */
export function attempts({ perName, perAddress, remembered }: AttemptLimits = ATTEMPT_LIMITS): Attempts {
  const names = limiter(perName, remembered)
  const addresses = limiter(perAddress, remembered)
  return {
    async begin(username, address) {
      const from = network(address)
      return (await addresses.take(from)) && (await names.take(nameKey(username, from)))
    },
    async succeeded(username, address) {
      const from = network(address)
      await Promise.all([addresses.giveBack(from), names.forget(nameKey(username, from))])
    },
  }
}

/** An IPv6 customer owns a /64 at least, and so 2^64 addresses: the network is what counts. */
function network(address: string): string {
  if (!ipaddr.isValid(address)) return address
  const parsed = ipaddr.process(address)
  return parsed.kind() === 'ipv6'
    ? ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/64`).toString()
    : parsed.toString()
}

/** Names are compared without regard to case, as the store does. */
const nameKey = (username: string, from: string): string => `${from} ${username.toLowerCase().slice(0, 256)}`

function limiter(points: number, remembered: number) {
  const memory = new RateLimiterMemory({ points, duration: ATTEMPT_WINDOW, blockDuration: ATTEMPT_WINDOW })
  // Sets keep insertion order: the first is the one not seen for longest.
  const known = new Set<string>()
  const forget = async (key: string): Promise<void> => {
    known.delete(key)
    await memory.delete(key)
  }
  return {
    forget,
    giveBack: (key: string) => memory.reward(key, 1),
    async take(key: string): Promise<boolean> {
      known.delete(key)
      known.add(key)
      const [oldest] = known
      if (known.size > remembered && oldest !== undefined) await forget(oldest)
      return memory.consume(key).then(
        () => true,
        () => false,
      )
    },
  }
}
