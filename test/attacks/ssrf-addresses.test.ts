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
import { classifyAddress } from '../../shared/address-class.ts'
import { AUTHORITY, JSON_REQUEST, listen, outboundTo, PUBLIC_ADDRESS, say, whole } from '../support/outbound.ts'
import { ANSWERS, HOSTS, URLS } from '../support/ssrf-cases.ts'

const listener = await listen(say(whole('200 OK', '{}')), 'app')
afterAll(listener.close)

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
