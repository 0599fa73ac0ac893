/**
 * Someone who is limited by their address claims to have another one.
 *
 * @see RFC 7239 section 8.1: what a peer says of itself is worth nothing
 * @see RFC 4291 section 2.5.5.2: IPv4-mapped addresses
 * @see RFC 6177: what one subscriber has
 * @see docs/adr/0111-rate-limits.md
 * @module
 */
import { afterEach, describe, expect, test } from 'bun:test'
import * as v from 'valibot'
import { LISTENING } from '../../server/config/listening.ts'
import { networkOf } from '../../server/core/network.ts'
import { keepArrival } from '../../server/http/arrival.ts'
import { clientAddress, clientNetwork } from '../../server/http/client-address.ts'
import { type Listening, serve } from '../../server/serve.ts'

const open: Listening[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((listening) => listening.close(0)))
})

/** The network that a request counts for at a server that trusts these; or the address that is written down. */
async function seenBy(
  trustedProxies: readonly string[],
  headers: Record<string, string>,
  wanted: 'network' | 'address' = 'network',
): Promise<string> {
  const listening = await serve({
    host: '127.0.0.1',
    port: 0,
    trustedProxies,
    fetch(request, address) {
      keepArrival(request, { id: 'any', answered: false, address })
      return new Response(wanted === 'network' ? clientNetwork(request) : clientAddress(request))
    },
  })
  if (!listening.ok) throw new Error(listening.error.message)
  open.push(listening.value)
  return (await fetch(`http://127.0.0.1:${listening.value.port}/`, { headers })).text()
}

const forwarded = (value: string) => ({ 'x-forwarded-for': value })

describe('without a trusted proxy no header counts', () => {
  const claims = [
    forwarded('198.51.100.7'),
    forwarded('127.0.0.1, 198.51.100.7'),
    { forwarded: 'for=198.51.100.7' },
    { 'x-real-ip': '198.51.100.7', 'cf-connecting-ip': '198.51.100.7', 'true-client-ip': '198.51.100.7' },
    { 'x-client-ip': '198.51.100.7', 'x-cluster-client-ip': '198.51.100.7', 'fastly-client-ip': '198.51.100.7' },
  ]
  test.each(claims)('%o', async (headers) => {
    expect(await seenBy([], headers)).toBe('127.0.0.1')
    expect(await seenBy(['10.0.0.1', '2001:db8::1'], headers)).toBe('127.0.0.1')
  })
})

describe('of a chain, the last address that is no trusted proxy counts', () => {
  const chains: readonly [string, readonly string[], string][] = [
    ['198.51.100.7', ['loopback'], '198.51.100.7'],
    ['192.0.2.66, 198.51.100.7', ['loopback'], '198.51.100.7'],
    ['192.0.2.66, 198.51.100.7, 10.0.0.1', ['loopback', '10.0.0.1'], '198.51.100.7'],
    ['192.0.2.66, 198.51.100.7, 10.0.0.1', ['loopback'], '10.0.0.1'],
    // Trusted addresses that the caller put in front of its own.
    ['10.0.0.1, 127.0.0.1, 198.51.100.7', ['loopback', '10.0.0.1'], '198.51.100.7'],
    ['198.51.100.7, 2001:db8::9', ['loopback', '2001:DB8:0::9'], '198.51.100.7'],
    ['198.51.100.7, ::ffff:10.0.0.1', ['loopback', '10.0.0.1'], '198.51.100.7'],
    ['', ['loopback'], '127.0.0.1'],
    // Ranges: as large as they say.
    ['192.0.2.66, 198.51.100.7, 10.255.0.1', ['127.0.0.0/8', '10.0.0.0/8'], '198.51.100.7'],
    ['192.0.2.66, 11.0.0.1', ['loopback', '10.0.0.0/8'], '11.0.0.1'],
    ['198.51.100.7, 10.1.2.127:8080', ['loopback', '10.1.2.0/25'], '198.51.100.7'],
    ['198.51.100.7, 10.1.2.128', ['loopback', '10.1.2.0/25'], '10.1.2.128'],
    ['198.51.100.7, ::ffff:10.0.0.1', ['loopback', '10.0.0.0/8'], '198.51.100.7'],
    ['198.51.100.7, FD00::9', ['loopback', 'fd00::/8'], '198.51.100.7'],
    ['198.51.100.7, fe80::9', ['loopback', 'fd00::/8'], 'fe80::'],
    ['198.51.100.7', ['10.0.0.0/8', 'fd00::/8'], '127.0.0.1'],
    ['10.0.0.1, 10.0.0.2', ['loopback', '10.0.0.0/8'], '10.0.0.1'],
  ]
  test.each(chains)('%s with %j', async (chain, trusted, expected) => {
    expect(await seenBy(trusted, forwarded(chain))).toBe(expected)
  })

  test('what a proxy says of scheme and host does not count', async () => {
    const listening = await serve({
      host: '127.0.0.1',
      port: 0,
      trustedProxies: ['loopback'],
      fetch: ({ url }) => new Response(url),
    })
    if (!listening.ok) throw new Error(listening.error.message)
    open.push(listening.value)
    const url = `http://127.0.0.1:${listening.value.port}/`
    const headers = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', ...forwarded('198.51.100.7') }
    expect(await (await fetch(url, { headers })).text()).toBe(url)
  })

  test('X-Real-IP and Forwarded do not, even from one that is trusted', async () => {
    const headers = { 'x-real-ip': '198.51.100.7', forwarded: 'for=198.51.100.7' }
    expect(await seenBy(['loopback'], headers)).toBe('127.0.0.1')
  })
})

describe('who can be trusted', () => {
  test.each([
    ...['loopback', '10.0.0.1', '::1', '2001:DB8:0::9', '::ffff:10.0.0.1', '10.0.0.0/8', '10.0.0.1/32', 'fd00::/8'],
    ...['10.9.9.9/8', '0.0.0.0/1'],
  ])('%s', (text) => expect(v.is(LISTENING.trusted_proxies, [text])).toBe(true))
  test.each([
    ...['', 'everyone', '0.0.0.0/0', '::/0', '10/8', '10.0.0.0/33', 'fd00::/129', '10.0.0.0/', '/8', '10.0.0.0/-1'],
    ...['10.0.0.0/8/8', '10.0.0.1:443', '[::1]', '[::1]:443', '0x0a.0.0.1', '012.0.0.1/8', '167772161', 'fe80::1%eth0'],
    ...['fe80::%eth0/64', '::ffff:10.0.0.0/104', '10.0.0.0 /8', '10.0.0.0/8 ', 'proxy.example'],
  ])('not %s', (text) => expect(v.is(LISTENING.trusted_proxies, [text])).toBe(false))
})

describe('what is no address is not taken for one, and not kept', () => {
  const nonsense = [
    'unknown',
    '_hidden',
    'a-secret-that-somebody-pasted',
    '999.1.1.1',
    '0x7f000001',
    '7',
    'fe80::1%secret',
    '[::1',
    '198.51.100.7:x',
    '192.0.2.1, eyJhbGciOiJub25lIn0.e30.',
  ]
  test.each(nonsense)('%s: the address of the proxy instead', async (value) => {
    expect(await seenBy(['loopback'], forwarded(value), 'address')).toBe('127.0.0.1')
  })
  test.each([
    ['198.51.100.7:443', '198.51.100.7'],
    ['[2001:DB8:0::9]:443', '2001:db8::9'],
  ])('%s is one with a port', async (value, address) => {
    expect(await seenBy(['loopback'], forwarded(value), 'address')).toBe(address)
  })
})

describe('one caller, however its address is spelled', () => {
  const spellings: readonly [string, readonly string[]][] = [
    ['198.51.100.7', ['198.51.100.7', '::ffff:198.51.100.7', '::ffff:c633:6407', '0:0:0:0:0:ffff:c633:6407']],
    ['198.51.100.7', ['198.51.100.7:443', '[::ffff:198.51.100.7]:443', '[::FFFF:198.51.100.7]']],
    [
      '2001:db8:1:2::',
      ['2001:db8:1:2::', '2001:DB8:1:2:0:0:0:1', '2001:db8:1:2:ffff:ffff:ffff:ffff', '[2001:db8:1:2::9]:9'],
    ],
  ]
  test.each(spellings)('%s', (network, addresses) => {
    expect(addresses.map(networkOf)).toEqual(addresses.map(() => network))
  })

  test('neighbours are others: IPv4 by address, IPv6 by /64', () => {
    expect(networkOf('198.51.100.8')).not.toBe(networkOf('198.51.100.7'))
    expect(networkOf('2001:db8:1:3::1')).not.toBe(networkOf('2001:db8:1:2::1'))
  })

  test('what is no address is one caller of its own, and short', () => {
    for (const nonsense of ['unknown', '_hidden', '', 'x'.repeat(100_000), '999.1.1.1', 'fe80::1%eth0%', '[', ':']) {
      expect(networkOf(nonsense)).toBe(nonsense.slice(0, 64))
    }
  })
})
