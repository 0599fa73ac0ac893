/**
 * The table of special-use ranges that a browser loads, against the library that the server decides by: at every edge of every range
 * that either of them knows, and at random addresses.
 *
 * @see RFC 6890: special-use addresses
 * @module
 */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { classifyAddress } from '../../shared/address-class.ts'
import { classifyHost } from '../../shared/host-class.ts'

/** The ranges whose members may be neighbours, so that their names have to be right; all others are just not public. */
const NAMED = ['public', 'loopback', 'private', 'uniqueLocal', 'linkLocal', 'carrierGradeNat']
const coarse = (name: string): string => (NAMED.includes(name) ? name : 'special')

/** As a URL has it, which is what the policy judges. */
const hostOf = (address: string): string =>
  new URL(`https://${address.includes(':') ? `[${address}]` : address}/`).hostname

const toIpv4 = (value: bigint): string => [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.')
const toIpv6 = (value: bigint): string =>
  Array.from({ length: 8 }, (_, group) => ((value >> BigInt(112 - 16 * group)) & 0xffffn).toString(16)).join(':')

const SPACES = [
  { name: 'IPv4', bits: 32, write: toIpv4 },
  { name: 'IPv6', bits: 128, write: toIpv6 },
] as const

/** First and last of each range of the library, and their neighbours. */
function edges(family: typeof ipaddr.IPv4 | typeof ipaddr.IPv6, { bits, write }: (typeof SPACES)[number]): string[] {
  const ranges: object = Reflect.get(family.prototype, 'SpecialRanges')
  const found: string[] = []
  const visit = (node: unknown): void => {
    if (!Array.isArray(node)) return
    const [address, length] = node
    if (typeof length !== 'number') {
      for (const inner of node) visit(inner)
      return
    }
    const first = address.toByteArray().reduce((sum: bigint, byte: number) => sum * 256n + BigInt(byte), 0n)
    const last = first + (1n << BigInt(bits - length)) - 1n
    const top = (1n << BigInt(bits)) - 1n
    for (const value of [first - 1n, first, last, last + 1n]) if (value >= 0n && value <= top) found.push(write(value))
  }
  visit(Object.values(ranges))
  return found
}

const same = (address: string): void =>
  expect([address, coarse(classifyHost(hostOf(address)))]).toEqual([address, coarse(classifyAddress(address))])

describe('section 2.2.2 and 2.2.3: the table agrees with the library', () => {
  test('at every edge of every IPv4 range', () => {
    const all = edges(ipaddr.IPv4, SPACES[0])
    expect(all.length).toBeGreaterThan(60)
    all.forEach(same)
    same('168.63.129.16')
  })

  test('at every edge of every IPv6 range', () => {
    const all = edges(ipaddr.IPv6, SPACES[1])
    expect(all.length).toBeGreaterThan(80)
    all.forEach(same)
    // What IANA has not given out.
    for (const address of ['1fff:ffff::1', '2000::', '3fff:ffff::1', '4000::', '::7f00:1', '::2', '::a00:1'])
      same(address)
  })

  test.each(SPACES)('at random in $name, and near the edges', ({ bits, write }) => {
    fc.assert(
      fc.property(fc.bigInt(0n, (1n << BigInt(bits)) - 1n), (value) => same(write(value))),
      { numRuns: 2000 },
    )
  })

  test('at random inside each special range and at one bit beside it', () => {
    const bases = [...edges(ipaddr.IPv6, SPACES[1])].map((text) =>
      ipaddr.IPv6.parse(text)
        .toByteArray()
        .reduce((sum, byte) => sum * 256n + BigInt(byte), 0n),
    )
    const near = fc.tuple(fc.constantFrom(...bases), fc.integer({ min: 0, max: 127 }))
    fc.assert(
      fc.property(near, ([base, bit]) => same(toIpv6(base ^ (1n << BigInt(bit))))),
      { numRuns: 3000 },
    )
  })

  test('an IPv4 address inside an IPv6 one is what it is outside, and never public', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, (1n << 32n) - 1n), (value) => {
        const mapped = classifyHost(hostOf(`::ffff:${toIpv4(value)}`))
        const alone = classifyHost(toIpv4(value))
        expect(mapped).toBe(alone === 'public' ? 'ipv4Mapped' : alone)
      }),
      { numRuns: 1000 },
    )
    for (const inside of ['64:ff9b::7f00:1', '2002:7f00:1::', '2001:0:7f00:1::', '::ffff:0:7f00:1']) {
      expect(classifyHost(hostOf(inside))).not.toBe('public')
    }
  })
})

test('other spellings of an address arrive in the one that is judged', () => {
  for (const [written, expected] of [
    ['0x7f.1', 'loopback'],
    ['2130706433', 'loopback'],
    ['0251.0376.0251.0376', 'linkLocal'],
    ['10.1', 'private'],
    ['192.168.1.1.', 'private'],
    ['[0:0:0:0:0:ffff:a9fe:a9fe]', 'linkLocal'],
  ] as const) {
    expect([written, classifyHost(new URL(`https://${written}/`).hostname)]).toEqual([written, expected])
  }
})
