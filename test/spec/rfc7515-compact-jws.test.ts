/**
 * What counts as a compact signature, and what does not.
 *
 * @see RFC 7515 section 5.2 and section 7.1
 *
 * @standard RFC 7515: JSON Web Signature
 * @status used
 * @does the compact form, ES256 and RS256 for what is issued
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { type Jws, parseJws } from '../../server/resource/jws.ts'
import { encodePart } from '../support/foreign-signer.ts'

const HEADER = { alg: 'ES256', kid: 'key-0', typ: 'at+jwt' }
const PAYLOAD = { iss: 'https://auth.example', name: 'Zoë' }
const [header, payload, signature] = [encodePart(HEADER), encodePart(PAYLOAD), 'AQID']
const GOOD = `${header}.${payload}.${signature}`

const withHeader = (value: unknown): string => `${encodePart(value)}.${payload}.${signature}`
const withPayload = (value: unknown): string => `${header}.${encodePart(value)}.${signature}`

describe('section 7.1 the compact form', () => {
  test('is taken apart', () => {
    const jws = parseJws(GOOD)
    expect(jws?.header).toEqual(HEADER)
    expect(jws?.payload).toEqual(PAYLOAD)
    expect([...(jws?.signature ?? [])]).toEqual([1, 2, 3])
    expect(new TextDecoder().decode(jws?.input)).toBe(`${header}.${payload}`)
  })

  test.each([
    '',
    '.',
    '..',
    header,
    `${header}.${payload}`,
    `${GOOD}.`,
    `.${GOOD}`,
    `${GOOD}.${signature}`,
    `${header}.${payload}.${signature}.${payload}.${signature}`,
    `${header}..${signature}`,
    `.${payload}.${signature}`,
    `${header}.${payload}..${signature}`,
  ])('MUST have three parts: %s', (token) => expect(parseJws(token)).toBeNull())

  test('MUST be refused, not choked on, however large or deep it is', () => {
    expect(parseJws('.'.repeat(1_000_000))).toBeNull()
    expect(parseJws('A'.repeat(1_000_000))).toBeNull()
    expect(parseJws(withHeader('['.repeat(1_000_000)))).toBeNull()
    expect(parseJws(withPayload('{"a":'.repeat(1_000_000)))).toBeNull()
    expect(parseJws(withPayload({ padding: 'x'.repeat(1_000_000) }))).not.toBeNull()
  })

  test('a token in a token is not unwrapped', () => expect(parseJws(withPayload(GOOD))).toBeNull())
})

/** Each of these decodes to the same bytes where decoders are lenient. */
const variants: readonly [string, (part: string) => string][] = [
  ['padding', (part) => `${part}=`],
  ['full padding', (part) => part.padEnd(Math.ceil((part.length + 1) / 4) * 4, '=')],
  ['a space before', (part) => ` ${part}`],
  ['a space after', (part) => `${part} `],
  ['a line break within', (part) => `${part.slice(0, 4)}\n${part.slice(4)}`],
  ['a character that is none of it', (part) => `${part.slice(0, 4)}!${part.slice(4)}`],
  ['a letter beyond ASCII', (part) => `${part}é`],
  ['a letter that is one of it in its low byte', (part) => `${part}\u0141AAA`],
  ['a lone character at the end', (part) => `${part}${'A'.repeat((5 - (part.length % 4)) % 4)}`],
  ['a zero byte', (part) => `${part}\0`],
]

describe('section 2 base64url MUST be written in the one way that there is', () => {
  test.each(variants)('%s', (_, vary) => {
    expect(parseJws(`${vary(header)}.${payload}.${signature}`)).toBeNull()
    expect(parseJws(`${header}.${vary(payload)}.${signature}`)).toBeNull()
    expect(parseJws(`${header}.${payload}.${vary(signature)}`)).toBeNull()
  })

  test('in the alphabet of URLs, not in the other', () => {
    expect([...(parseJws(`${header}.${payload}.-_-_`)?.signature ?? [])]).toEqual([0xfb, 0xff, 0xbf])
    expect(parseJws(`${header}.${payload}.+/+/`)).toBeNull()
  })

  test('without bits left over at the end', () => {
    expect(parseJws(`${header}.${payload}.AQ`)).not.toBeNull()
    for (const last of ['R', 'S', 'f']) expect(parseJws(`${header}.${payload}.A${last}`)).toBeNull()
    expect(parseJws(`${header}.eyJhIjoxMn0.`)?.payload).toEqual({ a: 12 })
    expect(parseJws(`${header}.eyJhIjoxMn1.`)).toBeNull()
  })
})

describe('section 4 and RFC 7519 section 7.2 header and claims MUST be JSON objects', () => {
  const notObjects = [
    '',
    ' ',
    'null',
    'true',
    '7',
    '"text"',
    '[]',
    '[{"alg":"ES256"}]',
    '{',
    '{}{}',
    "{'a':1}",
    '{"a":1,}',
  ]
  test.each(notObjects)('not %s', (text) => {
    expect(parseJws(withHeader(text))).toBeNull()
    expect(parseJws(withPayload(text))).toBeNull()
  })

  test('in UTF-8', () => {
    const broken = Buffer.from([...Buffer.from('{"alg":"ES256","x":"'), 0xff, ...Buffer.from('"}')]).toString(
      'base64url',
    )
    expect(parseJws(`${broken}.${payload}.${signature}`)).toBeNull()
    expect(parseJws(`${header}.${broken}.${signature}`)).toBeNull()
  })

  test('and a member called __proto__ is none of the header’s', () => {
    expect(parseJws(withHeader('{"__proto__":{"alg":"ES256"}}'))).toBeNull()
    expect(parseJws(withHeader('{"alg":"ES256","__proto__":{"kid":"key-0"}}'))?.header.kid).toBeUndefined()
    expect(parseJws(withPayload('{"__proto__":{"iss":"https://auth.example"}}'))?.payload['iss']).toBeUndefined()
  })
})

describe('section 4.1 header parameters', () => {
  test('are those of this token, whatever the last one said', () => {
    for (const alg of ['ES256', 'RS256', '', 'ES256', 'ES256', '', 'RS256'])
      expect(parseJws(withHeader({ ...HEADER, alg }))?.header.alg).toBe(alg === '' ? undefined : alg)
  })

  const wrong: readonly [string, object][] = [
    ['4.1.1 no alg', { kid: 'key-0', typ: 'at+jwt' }],
    ['4.1.1 an empty alg', { ...HEADER, alg: '' }],
    ['4.1.1 an alg that is null', { ...HEADER, alg: null }],
    ['4.1.1 several alg', { ...HEADER, alg: ['ES256'] }],
    ['4.1.4 a kid that is a number', { ...HEADER, kid: 0 }],
    ['4.1.4 a kid that is null', { ...HEADER, kid: null }],
    ['4.1.9 a typ that is no string', { ...HEADER, typ: ['at+jwt'] }],
  ]
  test.each(wrong)('section %s is refused', (_, value) => expect(parseJws(withHeader(value))).toBeNull())

  const critical = [[], null, 'exp', {}, ['exp'], ['b64'], ['jwk', 'b64'], [''], [1]]
  test.each(critical.map((crit) => [JSON.stringify(crit), crit] as const))(
    'section 4.1.11 MUST refuse what it does not understand: crit %s',
    (_, crit) => {
      const extension = { exp: 1, jwk: {}, crit }
      expect(parseJws(withHeader({ ...HEADER, ...extension }))).toBeNull()
      // RFC 7519 section 5.3 and RFC 7797 section 7: no JWT has an unencoded payload.
      for (const b64 of [true, false]) expect(parseJws(withHeader({ ...HEADER, ...extension, b64 }))).toBeNull()
    },
  )

  test('RFC 7797 section 6 b64 alone means nothing: the payload is what is encoded', () => {
    expect(parseJws(withHeader({ ...HEADER, b64: false }))?.payload).toEqual(PAYLOAD)
    expect(parseJws(`${encodePart({ ...HEADER, b64: false })}.${JSON.stringify(PAYLOAD)}.${signature}`)).toBeNull()
  })

  test('RFC 8725 section 3.10 keys that a token brings along are not taken over, nor anything else', () => {
    const own = {
      jwk: { kty: 'oct', k: 'AAAA' },
      jku: 'https://evil.example/keys',
      x5u: 'https://evil.example',
      x5c: ['MII'],
    }
    const jws: Jws | null = parseJws(withHeader({ ...HEADER, ...own, cty: 'JWT', zip: 'DEF' }))
    expect(Object.keys(jws?.header ?? {}).toSorted()).toEqual(['alg', 'kid', 'typ'])
  })
})
