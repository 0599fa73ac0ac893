/**
 * The URL policy: which URLs are contacted or opened, whoever named them.
 *
 * @see MCP 2026-07-28, security best practices, "SSRF"
 * @see RFC 6890: special-use addresses
 * @see RFC 6761 section 6.3, RFC 6762 and RFC 8375: names that lead nowhere outside
 *
 * @standard RFC 6890: Special-Purpose Address Registries
 * @status used
 * @does what must not be fetched for strangers
 * @standard RFC 6761: Special-Use Domain Names
 * @status used
 * @does `localhost` is this machine
 * @standard RFC 6762: Multicast DNS
 * @status used
 * @does names of private networks
 * @standard RFC 8375: `home.arpa.`
 * @status used
 * @does names of private networks
 * @module
 */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { classifyHost } from '../../shared/host-class.ts'
import { checkUrl } from '../../shared/url-policy.ts'

const PUBLIC = 'https://mcp.example.com/mcp'
const LOCAL = 'http://localhost:9100/mcp'
const problem = (url: string, near?: string): string => {
  const checked = checkUrl(url, near)
  return checked.ok ? 'ok' : checked.error
}

describe('SEC-012 special-use addresses beside a public resource', () => {
  const addresses = [
    '127.0.0.1',
    '127.8.9.1',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '192.0.2.1',
    '224.0.0.1',
    '255.255.255.255',
    '[::1]',
    '[::]',
    '[fc00::1]',
    '[fe80::1]',
    '[fd00:ec2::254]',
    '[::ffff:10.0.0.1]',
    '[::ffff:a9fe:a9fe]',
    '[64:ff9b::a9fe:a9fe]',
    '[2002:a9fe:a9fe::]',
    // The same addresses in the forms that URL parsers understand.
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '127.1',
    '0xa9fea9fe',
    '169.254.43518',
    'localhost',
    'LOCALHOST',
    'localhost.',
    'api.localhost',
    'metadata.google.internal',
    'metadata.google.internal.',
    'printer.local',
    'router.home.arpa',
  ]
  test.each(addresses)('SEC-012 https://%s/ is refused', (host) => {
    expect(problem(`https://${host}/`, PUBLIC)).toBe('special_use_address')
    expect(problem(`https://${host}/`)).toBe('special_use_address')
  })
  test.each([
    'example.com',
    '8.8.8.8',
    '[2606:4700::1111]',
    'local.example.com',
    'internal.example',
    'localhost.example.com',
  ])('https://%s/ is allowed', (host) => expect(problem(`https://${host}/`, PUBLIC)).toBe('ok'))
})

describe('SEC-011 C-110 https, and http on loopback beside a loopback resource only', () => {
  const cases: readonly [string, string | undefined, string][] = [
    ['https://as.example.com/token', PUBLIC, 'ok'],
    ['http://as.example.com/token', PUBLIC, 'not_https'],
    ['http://as.example.com/token', LOCAL, 'not_https'],
    ['http://127.0.0.1:9000/token', PUBLIC, 'not_https'],
    ['http://127.0.0.1:9000/token', LOCAL, 'ok'],
    ['http://[::1]:9000/token', LOCAL, 'ok'],
    ['http://localhost.:9000/token', LOCAL, 'not_https'],
    ['https://as.example.com/token', LOCAL, 'ok'],
    ['http://10.0.0.1/token', 'https://10.0.0.2/mcp', 'not_https'],
    ['https://10.0.0.1/token', 'https://10.0.0.2/mcp', 'ok'],
    ['https://as.corp.internal/', 'https://mcp.corp.internal/mcp', 'ok'],
    ['https://169.254.169.254/', 'https://10.0.0.2/mcp', 'special_use_address'],
    ['https://127.0.0.1/', 'https://10.0.0.2/mcp', 'special_use_address'],
    ['https://169.254.169.254/', LOCAL, 'special_use_address'],
  ]
  test.each(cases)('%s beside %s: %s', (url, near, expected) => expect(problem(url, near)).toBe(expected))
})

describe('C-089 SEC-030 schemes and disguises', () => {
  const cases: readonly [string, string][] = [
    ['javascript:alert(1)', 'not_https'],
    ['data:text/html,x', 'not_https'],
    ['file:///etc/passwd', 'not_https'],
    ['vbscript:x', 'not_https'],
    ['ms-msdt:/id', 'not_https'],
    ['blob:https://example.com/x', 'not_https'],
    ['ftp://example.com/', 'not_https'],
    ['//example.com/', 'not_absolute'],
    ['/path', 'not_absolute'],
    ['', 'not_absolute'],
    ['https://', 'not_absolute'],
    ['https://user@example.com/', 'has_userinfo'],
    ['https://example.com:x@evil.example/', 'has_userinfo'],
    ['https://example.com/#x', 'has_fragment'],
    ['https://example.com/#', 'has_fragment'],
    ['java\nscript:alert(1)', 'has_control_characters'],
    [' https://example.com/', 'has_control_characters'],
    ['https://example.com/\u0000', 'has_control_characters'],
    ['https://example.com\\@evil.example/', 'has_control_characters'],
    ['https:\\\\example.com/', 'has_control_characters'],
  ]
  test.each(cases)('%p: %s', (url, expected) => expect(problem(url, PUBLIC)).toBe(expected))
})

describe('properties', () => {
  test('SEC-012 no IPv4 address outside the public ranges passes, in any notation', () => {
    const octet = fc.nat(255)
    const privateRange = fc.oneof(
      fc.tuple(fc.constant(10), octet, octet, octet),
      fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
      fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
      fc.tuple(fc.constant(169), fc.constant(254), octet, octet),
      fc.tuple(fc.constant(127), octet, octet, octet),
      fc.tuple(fc.constant(100), fc.integer({ min: 64, max: 127 }), octet, octet),
    )
    const notations = [
      (a: number[]) => a.join('.'),
      (a: number[]) => a.map((part) => `0x${part.toString(16)}`).join('.'),
      (a: number[]) => a.map((part) => `0${part.toString(8)}`).join('.'),
      (a: number[]) => String(a.reduce((sum, part) => sum * 256 + part, 0)),
      (a: number[]) => `[::ffff:${a.join('.')}]`,
    ]
    fc.assert(
      fc.property(privateRange, fc.constantFrom(...notations), (address, notation) => {
        expect(problem(`https://${notation(address)}/`, PUBLIC)).toBe('special_use_address')
      }),
    )
  })
  test('a URL that passes beside a public resource is https on a public host, without user information and fragment', () => {
    fc.assert(
      fc.property(fc.oneof(fc.webUrl({ withFragments: true, withQueryParameters: true }), fc.string()), (text) => {
        const checked = checkUrl(text, PUBLIC)
        if (!checked.ok) return
        expect(checked.value.protocol).toBe('https:')
        expect(classifyHost(checked.value.hostname)).toBe('public')
        expect(`${checked.value.username}${checked.value.password}${checked.value.hash}`).toBe('')
      }),
    )
  })
})
