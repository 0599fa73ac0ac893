/**
 * What kind of place an address is, as a resolver gives it: what decides whether a server connects there.
 *
 * @see RFC 6890: special-use addresses
 * @see MCP 2026-07-28, security best practices, "SSRF": https, no private or special-use addresses
 * @module
 */
import ipaddr from 'ipaddr.js'
import type { AddressClass } from './host-class.ts'

/** All that IANA has given out for the public internet; beyond it lie IPv4-compatible addresses, dummy prefixes and ranges to come. */
const PUBLIC_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3')

/** Services of a cloud's own machines at an address that looks public: Azure's. */
const PLATFORM_ADDRESS = '168.63.129.16'

/**
 * Classifies an address, without brackets. Only `public` is the public internet: what embeds an IPv4 address (mapped, NAT64, 6to4,
 * Teredo), has a zone, or cannot be read is something else.
 *
 * @example classifyAddress('64:ff9b::a9fe:a9fe') // 'rfc6052'
 */
export function classifyAddress(address: string): AddressClass {
  if (ipaddr.IPv4.isValidFourPartDecimal(address)) return classifyIpv4(ipaddr.IPv4.parse(address))
  if (address.includes('%') || !ipaddr.IPv6.isValid(address)) return 'unreadable'
  const ipv6 = ipaddr.IPv6.parse(address)
  if (ipv6.isIPv4MappedAddress()) {
    const mapped = classifyIpv4(ipv6.toIPv4Address())
    return mapped === 'public' ? 'ipv4Mapped' : mapped
  }
  const range = ipv6.range()
  if (range !== 'unicast') return range
  return ipv6.match(PUBLIC_IPV6) ? 'public' : 'reserved'
}

function classifyIpv4(ipv4: ipaddr.IPv4): AddressClass {
  const range = ipv4.range()
  if (range !== 'unicast') return range
  return ipv4.toString() === PLATFORM_ADDRESS ? 'platform' : 'public'
}
