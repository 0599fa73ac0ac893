/**
 * Which peers are believed when they say for whom they ask, and who that is then.
 *
 * @see docs/adr/0111-rate-limits.md
 * @module
 */
import ipaddr from 'ipaddr.js'
import { type AddressRange, isInRange, readAddressRange } from '../../shared/address-range.ts'
import { addressIn } from './network.ts'
import { recentKeys } from './rate-limits/recent-keys.ts'

/** The addresses of this machine. */
const LOOPBACK = ['127.0.0.0/8', '::1']

/** Who asks, by the peer's address and `X-Forwarded-For`. */
export type WhoAsks = (peer: string, forwardedFor: string | null) => string

/**
 * Who asks is the peer, or where that is trusted the last of those in `X-Forwarded-For` that is not; the first where all are. What
 * is no address stands for the peer's own.
 *
 * `proxies`: ranges of addresses, or `loopback`.
 */
export function whoAsksBehind(proxies: readonly string[]): WhoAsks {
  const ranges = proxies
    .flatMap((proxy) => (proxy === 'loopback' ? LOOPBACK : [proxy]))
    .flatMap((text) => readAddressRange(text) ?? [])
  // Taking addresses apart costs more than the rest of it, and the same come again and again.
  const known = recentKeys<Party>(10_000)
  const partyOf = (address: string): Party => {
    if (address.length > LONGEST) return NOBODY
    const before = known.get(address)
    if (before !== undefined) return before
    const party = judge(address, ranges)
    known.set(address, party)
    return party
  }
  return (peer, forwardedFor) => {
    if (forwardedFor === null || !partyOf(peer).isTrusted) return peer
    const chain = forwardedFor.split(',').flatMap((entry) => (entry.trim() === '' ? [] : [partyOf(entry.trim())]))
    const asking = chain.findLast(({ isTrusted }) => !isTrusted) ?? chain[0]
    return asking?.address ?? peer
  }
}

/** Somebody in the chain. Null: it says no address. */
interface Party {
  readonly address: string | null
  readonly isTrusted: boolean
}

const NOBODY: Party = { address: null, isTrusted: false }

/** Characters of an address, with brackets and port. */
const LONGEST = 64

function judge(text: string, ranges: readonly AddressRange[]): Party {
  const address = addressIn(text)
  if (address === null) return NOBODY
  const parsed = ipaddr.parse(address)
  return { address, isTrusted: ranges.some((range) => isInRange(parsed, range)) }
}
