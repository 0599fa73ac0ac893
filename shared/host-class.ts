/**
 * What kind of place a URL's host is, by its spelling alone: no library, because a browser loads this with the client.
 *
 * @see RFC 6890 and the IANA registries that it began: special-use addresses
 * @see RFC 6762 appendix G and RFC 8375: names of private networks
 * @see docs/adr/0171-hosts-without-a-library.md
 * @module
 */
import { isLoopbackHost } from './loopback.ts'

/** Where an address belongs: `public`, this machine, or any other special-use range, by the name of the range. */
export type AddressClass = 'public' | 'loopback' | (string & {})

/**
 * The first that fits counts. What none fits is public: in IPv4 all of it, in IPv6 what IANA has given out. Ranges that nobody has neighbours in
 * share a name: translation and tunnels, multicast, protocol assignments, benchmarks, documentation, and what is kept for later.
 */
const RANGES = {
  unspecified: '0.0.0.0/8 ::/128',
  loopback: '127.0.0.0/8 ::1/128',
  private: '10.0.0.0/8 172.16.0.0/12 192.168.0.0/16',
  uniqueLocal: 'fc00::/7',
  linkLocal: '169.254.0.0/16 fe80::/10',
  carrierGradeNat: '100.64.0.0/10',
  // Azure's own services, at an address that looks public.
  platform: '168.63.129.16/32',
  reserved:
    '192.0.0.0/24 192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 ' +
    '224.0.0.0/3 2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20',
}

const IPV4_MAPPED = '::ffff:0:0/96'
const PUBLIC_IPV6 = '2000::/3'

/** Names that resolve inside a network only, cloud metadata services (`metadata.google.internal`) among them. */
const PRIVATE_NAMES = /(?:^|\.)(?:internal|local|localdomain|intranet|lan|home\.arpa)$/

/**
 * Classifies a URL's `hostname`, as `URL` writes it: IPv4 in four decimal parts, IPv6 in brackets, compressed. A name that is not an
 * address, nor of a private zone, is `public` here, whatever it resolves to: nothing in this package resolves names. Who must not be led
 * to an inside address by a public name (`127.0.0.1.nip.io`) passes a `fetch` that checks each resolved address and connects to the one
 * that it checked.
 *
 * @example classifyHost('10.0.0.7') // 'private'
 */
export function classifyHost(hostname: string): AddressClass {
  // A dot at the end is the same name to a resolver.
  const name = hostname.toLowerCase().replace(/\.$/, '')
  if (isLoopbackHost(name)) return 'loopback'
  const isIpv6 = name.startsWith('[')
  if (!isIpv6 && !/^\d+(?:\.\d+){3}$/.test(name)) return PRIVATE_NAMES.test(name) ? 'private' : 'public'
  return classifyBits(bitsOf(name.replace(/^\[|\]$/g, '')))
}

function classifyBits(bits: string): AddressClass {
  const mapped = within(bits, IPV4_MAPPED) ? classifyBits(`4${bits.slice(-32)}`) : undefined
  if (mapped !== undefined) return mapped === 'public' ? 'ipv4Mapped' : mapped
  const range = Object.entries(RANGES).find(([, prefixes]) => prefixes.split(' ').some((one) => within(bits, one)))
  return range?.[0] ?? (bits.startsWith('4') || within(bits, PUBLIC_IPV6) ? 'public' : 'reserved')
}

function within(bits: string, range: string): boolean {
  const [address = '', length] = range.split('/')
  return bits.startsWith(bitsOf(address).slice(0, 1 + Number(length)))
}

/** The version, then all the bits: a prefix of the address is a prefix of the text. */
function bitsOf(address: string): string {
  if (!address.includes(':')) return `4${inBinary(address.split('.'), 10)}`
  const [before = [], after = []] = address.split('::').map((half) => half.split(':').filter((group) => group !== ''))
  const zeros = Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0')
  return `6${inBinary([...before, ...zeros, ...after], 16)}`
}

/** Decimal parts have 8 bits, hexadecimal ones 16. */
const inBinary = (parts: readonly string[], base: 10 | 16): string =>
  parts
    .map((part) =>
      Number.parseInt(part, base)
        .toString(2)
        .padStart(base === 10 ? 8 : 16, '0'),
    )
    .join('')
