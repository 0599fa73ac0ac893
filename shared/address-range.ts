/**
 * Ranges of IP addresses, as operators write them: one address, or a network and the length of its prefix.
 *
 * @see RFC 4291 section 2.5.5.2: IPv4-mapped addresses
 * @module
 */
import ipaddr from 'ipaddr.js'

export type IpAddress = ipaddr.IPv4 | ipaddr.IPv6

export interface AddressRange {
  readonly network: IpAddress
  /** The length of the prefix. */
  readonly bits: number
}

/**
 * Null: it is no range, or all there is, which nobody means. Numbers have no other spelling than the usual ones.
 *
 * @example readAddressRange('10.0.0.0/8')
 */
export function readAddressRange(text: string): AddressRange | null {
  if (text.includes('%')) return null
  if (!text.includes('/')) {
    if (!ipaddr.IPv4.isValidFourPartDecimal(text) && !ipaddr.IPv6.isValid(text)) return null
    const network = ipaddr.process(text)
    return { network, bits: network.kind() === 'ipv4' ? 32 : 128 }
  }
  if (!ipaddr.IPv4.isValidCIDRFourPartDecimal(text) && !ipaddr.IPv6.isValidCIDR(text)) return null
  const [network, bits] = ipaddr.parseCIDR(text)
  // Mapped addresses count as IPv4: none would ever be in such a range.
  const isMapped = 'isIPv4MappedAddress' in network && network.isIPv4MappedAddress()
  return bits === 0 || isMapped ? null : { network, bits }
}

export const isInRange = (address: IpAddress, { network, bits }: AddressRange): boolean =>
  address.kind() === network.kind() && address.match(network, bits)
