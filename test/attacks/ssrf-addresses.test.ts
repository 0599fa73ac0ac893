/**
 * SSRF by the target: every spelling of an inside address, and every name that resolves to one. Not one connection may be opened.
 *
 * @see RFC 6890: special-use addresses
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 8.6
 * @see MCP 2026-07-28, security best practices, "SSRF"
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { isIP } from 'node:net'
import fc from 'fast-check'
import { createOutbound } from '../../server/outbound/create-outbound.ts'
import { classifyAddress } from '../../shared/url-policy.ts'
import { AUTHORITY, JSON_REQUEST, listen, outboundTo, PUBLIC_ADDRESS, say, whole } from '../support/outbound.ts'

const listener = await listen(say(whole('200 OK', '{}')), 'app')
afterAll(listener.close)

/** Hosts of URLs; the port of a listener on every address of this machine is appended. */
const HOSTS = [
  // This machine.
  'localhost',
  'LOCALHOST',
  'localhost.',
  'api.localhost',
  'a.b.LocalHost.',
  'localhost.localdomain',
  '127.0.0.1',
  '127.0.0.1.',
  '127.8.9.1',
  '127.255.255.255',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[0000:0000:0000:0000:0000:0000:0000:0001]',
  '0.0.0.0',
  '0',
  '0.1.2.3',
  '[::]',
  // The same in other notations of IPv4.
  '127.1',
  '127.0.1',
  '2130706433',
  '017700000001',
  '0x7f000001',
  '0x7F.0.0.1',
  '0x7f.1',
  '0177.0.0.1',
  '0177.0.0.01',
  '00000177.0.0.1',
  '0x7f.0x0.0x0.0x1',
  '0177.0x0.0.1',
  // The same in other characters.
  '１２７.０.０.１',
  '127。0。0。1',
  '127．0．0．1',
  '127｡0｡0｡1',
  '①②⑦.⓪.⓪.①',
  '①②⑦．⓪．⓪．①',
  'ｌｏｃａｌｈｏｓｔ',
  'ⓛⓞⓒⓐⓛⓗⓞⓢⓣ',
  'loc\u{ad}alhost',
  'lo\u{200b}calhost',
  '𝓵ocalhost',
  '%6c%6f%63%61%6c%68%6f%73%74',
  '127%2e0%2e0%2e1',
  '%31%32%37.0.0.1',
  // IPv4 inside IPv6.
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[0:0:0:0:0:ffff:7f00:0001]',
  '[::ffff:169.254.169.254]',
  '[::ffff:10.0.0.1]',
  '[::ffff:8.8.8.8]',
  '[::127.0.0.1]',
  '[::7f00:1]',
  '[::a9fe:a9fe]',
  '[::ffff:0:127.0.0.1]',
  '[64:ff9b::127.0.0.1]',
  '[64:ff9b::a9fe:a9fe]',
  '[64:ff9b:1::7f00:1]',
  '[64:ff9b:1:ffff:ffff:ffff:7f00:1]',
  '[2002:7f00:1::]',
  '[2002:a9fe:a9fe::1]',
  '[2002:c0a8:101::1]',
  '[2001:0:7f00:1::]',
  '[2001::53aa:64c:0:80ff:fffe]',
  // Inside the network.
  '10.0.0.1',
  '10.255.255.255',
  '0xa.0.0.1',
  '172.16.0.1',
  '172.31.255.254',
  '192.168.0.1',
  '192.168.1',
  '3232235521',
  '100.64.0.1',
  '100.127.255.254',
  '169.254.0.1',
  '[fc00::1]',
  '[fdff:ffff::1]',
  '[fe80::1]',
  '[febf::1]',
  '[fec0::1]',
  // Metadata services of clouds.
  '169.254.169.254',
  '169.254.169.254.',
  '2852039166',
  '0xa9fea9fe',
  '0251.0376.0251.0376',
  '169.254.43518',
  '169.16689662',
  '169.254.170.2',
  '[fd00:ec2::254]',
  '[fd20:ce::254]',
  'metadata.google.internal',
  'metadata.google.internal.',
  'METADATA.GOOGLE.INTERNAL',
  'instance-data.ec2.internal',
  '100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
  // Names of private networks.
  'printer.local',
  'router.lan',
  'wiki.intranet',
  'nas.home.arpa',
  // Everything else that is no place on the internet.
  '192.0.0.1',
  '192.0.0.170',
  '192.0.2.1',
  '192.31.196.1',
  '192.52.193.1',
  '192.88.99.1',
  '192.175.48.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.250',
  '240.0.0.1',
  '255.255.255.255',
  '4294967295',
  '[100::1]',
  '[100:0:0:1::1]',
  '[2001:1::1]',
  '[2001:2::1]',
  '[2001:3::1]',
  '[2001:4:112::1]',
  '[2001:10::1]',
  '[2001:20::1]',
  '[2001:30::1]',
  '[2001:db8::1]',
  '[2620:4f:8000::1]',
  '[3fff::1]',
  '[4000::1]',
  '[5f00::1]',
  '[ff02::1]',
  '[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]',
]

/** Whole URLs whose reading differs between parsers. `PORT` is the listener's. */
const URLS = [
  'http://127.0.0.1:PORT/',
  'http://app.example:PORT/',
  'HTTP://LOCALHOST:PORT/',
  'https://app.example@127.0.0.1:PORT/',
  'https://app.example:443@127.0.0.1:PORT/',
  'https://user:word@app.example:PORT/',
  'https://@127.0.0.1:PORT/',
  'https://127.0.0.1:PORT#@app.example/',
  'https://127.0.0.1:PORT?@app.example/',
  'https://127.0.0.1:PORT\\@app.example/',
  'https://app.example\\@127.0.0.1:PORT/',
  'https:\\\\127.0.0.1:PORT\\',
  'https:/\\127.0.0.1:PORT/',
  'https:127.0.0.1:PORT/',
  'https:///127.0.0.1:PORT/',
  'https:////127.0.0.1:PORT/',
  '//127.0.0.1:PORT/',
  '127.0.0.1:PORT',
  'https://127.0.\t0.1:PORT/',
  'https://127.0.\n0.1:PORT/',
  'https://127.0.0.1\r\n:PORT/',
  'ht\ttps://127.0.0.1:PORT/',
  ' https://127.0.0.1:PORT/',
  'https://127.0.0.1:PORT/ ',
  '\u0000https://127.0.0.1:PORT/',
  'https://app.example\u0000.127.0.0.1:PORT/',
  'https://127.0.0.1:PORT/\u0085',
  'https://[::1%25lo]:PORT/',
  'https://[::1%lo]:PORT/',
  'https://[fe80::1%25eth0]:PORT/',
  'https://[::ffff:127.0.0.1%251]:PORT/',
  'https://[::1:PORT/',
  'https://::1:PORT/',
  'https://127.0.0.1:PORT/#x',
  'https://127.0.0.256:PORT/',
  'https://127.0.0.1.1:PORT/',
  'https://0x7f.0.0.0.1:PORT/',
  'https://4294967296:PORT/',
  'https://127.0.0.1:0PORT/',
  'https://app.example:PORT:443/',
  'file:///etc/passwd',
  'file://127.0.0.1:PORT/',
  'ftp://127.0.0.1:PORT/',
  'gopher://127.0.0.1:PORT/_GET',
  'dict://127.0.0.1:PORT/',
  'ldap://127.0.0.1:PORT/',
  'ws://127.0.0.1:PORT/',
  'wss://127.0.0.1:PORT/',
  'data:application/json,{}',
  'blob:https://127.0.0.1:PORT/x',
  'javascript:1',
  'jar:https://127.0.0.1:PORT!/',
  'unix:/var/run/docker.sock',
  'https+unix://%2fvar%2frun%2fdocker.sock/',
  'https://',
  'https://.:PORT/',
  'https://..:PORT/',
  '',
]

/** What the operating system says to them, in the worst case: this machine. Production, and every name is a trap. */
const trap = async (): Promise<readonly string[]> => ['127.0.0.1']

const TARGETS = [
  ...HOSTS.map((host) => `https://${host}:${listener.port}/client.json`),
  ...URLS.map((url) => url.replace('PORT', String(listener.port))),
]

describe('SEC-012 AS-036 no connection to', () => {
  test(`${TARGETS.length} spellings, which are more than sixty`, () => expect(TARGETS.length).toBeGreaterThan(60))

  test.each(TARGETS)('%p', async (url) => {
    const before = listener.connections()
    const { outbound, dialled } = outboundTo(listener, {}, { resolve: trap })
    expect((await outbound.get(url, JSON_REQUEST)).ok).toBe(false)
    expect(dialled).toEqual([])

    // Once more without our eyes in between: nothing arrives there.
    const alone = await createOutbound({ resolve: trap }).get(url, JSON_REQUEST)
    expect(alone.ok).toBe(false)
    expect(listener.connections()).toBe(before)
  })

  test('the listener does answer who is allowed to ask', async () => {
    const before = listener.connections()
    const { outcome } = outboundTo(listener)
    expect(await outcome(`https://app.example:${listener.port}/client.json`)).toBe('ok')
    const onThisMachine = createOutbound({ development: true, ca: AUTHORITY })
    const answer = await onThisMachine.get(`https://localhost:${listener.port}/client.json`, JSON_REQUEST)
    expect(answer.ok).toBe(true)
    expect(listener.connections()).toBe(before + 2)
  })
})

/** What a name may not resolve to, as resolvers write it. */
const ANSWERS = [
  '127.0.0.1',
  '127.127.127.127',
  '0.0.0.0',
  '10.1.2.3',
  '172.20.0.1',
  '192.168.178.1',
  '169.254.169.254',
  '100.100.100.200',
  '168.63.129.16',
  '198.18.0.1',
  '203.0.113.9',
  '224.0.0.251',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::7f00:1',
  '::127.0.0.1',
  '::ffff:127.0.0.1',
  '::ffff:93.184.216.34',
  '64:ff9b::5db8:d822',
  '64:ff9b:1::a00:1',
  '100::1',
  '2001::1',
  '2001:2::1',
  '2001:db8::1',
  '2002:a00:1::1',
  '3fff::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::1%eth0',
  '2606:4700::1111%eth0',
  'fec0::1',
  'ff02::1',
  // No addresses, which a connection would resolve once more, or read in its own way.
  '127.1',
  '0x7f.0.0.1',
  '010.0.0.1',
  '2130706433',
  'localhost',
  'app.example',
  '[::1]',
  '93.184.216.34 ',
  '',
]

describe('SEC-012 AS-036 a name that resolves to', () => {
  test.each(ANSWERS)('%p is refused, also with a public address before or after it', async (address) => {
    for (const addresses of [[address], [PUBLIC_ADDRESS, address], [address, PUBLIC_ADDRESS]]) {
      const { outcome, dialled } = outboundTo(listener, { 'app.example': addresses })
      expect(await outcome('https://app.example/client.json')).toBe('special_use_address')
      expect(dialled).toEqual([])
    }
  })

  test('what counts as public is an address to whoever connects, and no name', () => {
    const parts = fc.constantFrom(
      '1',
      '8',
      '93',
      '034',
      '0x5d',
      '2606',
      '4700',
      '256',
      '1.2',
      '::',
      ':',
      '.',
      '%1',
      '/8',
      '+',
    )
    const texts = fc.oneof(
      fc.array(parts, { maxLength: 9 }).map((all) => all.join('')),
      fc.ipV4Extended(),
      fc.ipV6(),
      fc.string(),
    )
    fc.assert(
      fc.property(texts, (text) => {
        if (classifyAddress(text) === 'public') expect(isIP(text)).not.toBe(0)
      }),
      { numRuns: 5000 },
    )
  })

  test('nothing, or cannot be resolved, is not connected to', async () => {
    const silent = outboundTo(listener, { 'app.example': [] })
    expect(await silent.outcome('https://app.example/')).toBe('unresolvable')
    const failing = outboundTo(listener, {}, { resolve: () => Promise.reject(new Error('ENOTFOUND app.example')) })
    expect(await failing.outcome('https://app.example/')).toBe('unresolvable')
    expect([...silent.dialled, ...failing.dialled]).toEqual([])
  })

  test('public addresses only is connected to at these', async () => {
    const { outcome, dialled } = outboundTo(listener, { 'app.example': ['2606:4700::1111', PUBLIC_ADDRESS] })
    expect(await outcome('https://app.example/client.json')).toBe('ok')
    expect(dialled).toEqual(['2606:4700::1111 443'])
  })
})

describe('ports of other protocols', () => {
  test.each([0, 1, 22, 25, 53, 80, 110, 143, 465, 587, 993, 1023])('%p is refused', async (port) => {
    const { outcome, dialled } = outboundTo(listener)
    expect(await outcome(`https://app.example:${port}/`)).toBe('forbidden_port')
    expect(dialled).toEqual([])
  })
  test.each(['', ':443', ':1024', ':8443', ':65535'])('%p is allowed', async (port) => {
    const { outcome, dialled } = outboundTo(listener)
    expect(await outcome(`https://app.example${port}/`)).toBe('ok')
    expect(dialled).toEqual([`${PUBLIC_ADDRESS} ${port.slice(1) || 443}`])
  })
})

describe('SEC-011 AS-036 development', () => {
  const development = { development: true }
  const cases: readonly [string, string, readonly string[]][] = [
    ['http://127.0.0.1:9000/', 'ok', ['127.0.0.1 9000']],
    ['http://localhost:9000/', 'ok', ['127.0.0.1 9000']],
    ['http://app.localhost/', 'ok', ['127.0.0.1 80']],
    ['http://[::1]:9000/', 'ok', ['::1 9000']],
    ['http://app.example/', 'not_https', []],
    ['http://10.0.0.1/', 'not_https', []],
    ['https://10.0.0.1/', 'special_use_address', []],
    ['https://169.254.169.254/', 'special_use_address', []],
    ['https://[::]:9000/', 'special_use_address', []],
    ['https://0.0.0.0:9000/', 'special_use_address', []],
    ['https://nip.example/', 'special_use_address', []],
    ['https://lan.example/', 'special_use_address', []],
  ]
  test.each(cases)('%s: %s', async (url, expected, addresses) => {
    const plain = await listen(say(whole('200 OK', '{}')))
    const names = { 'nip.example': ['127.0.0.1'], 'lan.example': ['192.168.0.1'] }
    const { outcome, dialled, asked } = outboundTo(plain, names, development)
    expect(await outcome(url)).toBe(expected)
    expect(dialled).toEqual([...addresses])
    expect(asked.some((name) => name.endsWith('localhost'))).toBe(false)
    plain.close()
  })
})
