/**
 * What counts as one caller: an address, and of IPv6 the network, for a customer owns a /64 at least, and so 2^64 addresses.
 *
 * @see RFC 6177: IPv6 address assignment to end sites
 * @see RFC 4291 section 2.5.5.2: IPv4-mapped addresses
 *
 * @standard RFC 4291: IP Version 6 Addressing
 * @status used
 * @does how limits see addresses
 * @standard RFC 6177: IPv6 Address Assignment to End Sites
 * @status used
 * @does what one subscriber has, to a limit
 * @module
 */
import ipaddr from 'ipaddr.js'

/** All spellings of an address give the same text. What is no address stays as it is, but short. */
export function networkOf(address: string): string {
  const bare = withoutPort(address)
  if (!ipaddr.isValid(bare)) return address.slice(0, 64)
  const parsed = ipaddr.process(bare)
  return parsed.kind() === 'ipv6'
    ? ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/64`).toString()
    : parsed.toString()
}

/** The address that this is, spelled the one way, without a port; null: it is none. Zones are names of somebody's interfaces, and may be anything. */
export function addressIn(text: string): string | null {
  const bare = withoutPort(text)
  const isAddress = ipaddr.IPv4.isValidFourPartDecimal(bare) || (ipaddr.IPv6.isValid(bare) && !bare.includes('%'))
  return isAddress ? ipaddr.process(bare).toString() : null
}

/** Some proxies tell the port too, and each connection has another one. */
function withoutPort(address: string): string {
  const [, six, four] = /^\[([^\]]*)\](?::\d+)?$|^([\d.]+):\d+$/.exec(address) ?? []
  return six ?? four ?? address
}
