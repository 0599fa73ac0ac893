/**
 * The one URL policy: which URLs Sallyport is willing to contact or to open, whoever named them.
 *
 * @see MCP 2026-07-28, security best practices, "SSRF": https, no private or special-use addresses
 * @see RFC 6890: special-use addresses; RFC 6762 appendix G and RFC 8375: names of private networks
 * @module
 */
import ipaddr from 'ipaddr.js'
import { isLoopbackHost, isLoopbackUrl } from './loopback.ts'
import { err, ok, type Result } from './result.ts'

export type UrlProblem =
  | 'not_absolute'
  | 'not_https'
  | 'has_userinfo'
  | 'has_fragment'
  | 'special_use_address'
  | 'has_control_characters'

/** Where an address belongs: `public`, this machine, or any other special-use range, by the name of the range. */
export type AddressClass = 'public' | 'loopback' | (string & {})

/** Names that resolve inside a network only, cloud metadata services (`metadata.google.internal`) among them. */
const PRIVATE_NAMES = /(?:^|\.)(?:internal|local|localdomain|intranet|lan|home\.arpa)$/

/** All that IANA has given out for the public internet; beyond it lie IPv4-compatible addresses, dummy prefixes and ranges to come. */
const PUBLIC_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3')

/** Services of a cloud's own machines at an address that looks public: Azure's. */
const PLATFORM_ADDRESS = '168.63.129.16'

/**
 * Classifies an address as a resolver gives it, without brackets. Only `public` is the public internet: what embeds an IPv4 address
 * (mapped, NAT64, 6to4, Teredo), has a zone, or cannot be read is something else.
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

/**
 * Classifies a URL's `hostname`. A name that is not an address, nor of a private zone, is `public` here, whatever it resolves to:
 * nothing in this package resolves names. Who must not be led to an inside address by a public name (`127.0.0.1.nip.io`) passes a
 * `fetch` that checks each resolved address and connects to the one that it checked.
 *
 * @example classifyHost('10.0.0.7') // 'private'
 */
export function classifyHost(hostname: string): AddressClass {
  // A dot at the end is the same name to a resolver.
  const name = hostname.toLowerCase().replace(/\.$/, '')
  if (isLoopbackHost(name)) return 'loopback'
  const bare = name.replace(/^\[|\]$/g, '')
  if (ipaddr.isValid(bare)) return classifyAddress(bare)
  return PRIVATE_NAMES.test(bare) ? 'private' : 'public'
}

/**
 * Judges a URL that came from outside. `near` is the URL that the user chose (the MCP server): where that one is on loopback or in
 * a special-use range itself, others of the same class are allowed beside it, and http on loopback.
 *
 * @returns the parsed URL, or the first problem; compare and send the string that was given, not the parsed form
 * @example checkUrl('http://169.254.169.254/latest', 'https://mcp.example.com/mcp') // { ok: false, error: 'not_https' }
 */
export function checkUrl(url: string, near?: string): Result<URL, UrlProblem> {
  if (/[\s\p{Cc}\\]/u.test(url)) return err('has_control_characters')
  const parsed = URL.parse(url)
  if (parsed === null) return err('not_absolute')
  if (parsed.username !== '' || parsed.password !== '') return err('has_userinfo')
  if (url.includes('#')) return err('has_fragment')
  const base = near === undefined ? null : URL.parse(near)
  const bothLoopback = base !== null && isLoopbackUrl(base) && isLoopbackUrl(parsed)
  if (parsed.protocol !== 'https:' && !bothLoopback) return err('not_https')
  const host = classifyHost(parsed.hostname)
  if (host !== 'public' && (base === null || classifyHost(base.hostname) !== host)) return err('special_use_address')
  return ok(parsed)
}
