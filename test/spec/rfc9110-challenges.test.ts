/**
 * `WWW-Authenticate`, read by grammar.
 *
 * @see RFC 9110 section 11.2, section 11.6.1
 *
 * @standard RFC 9110: HTTP Semantics
 * @status used
 * @does challenges by grammar, content negotiation, `Retry-After`, methods
 * @module
 */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { findChallenge, formatChallenge, parseChallenges } from '../../shared/challenge.ts'

const read = (header: string): unknown[] =>
  parseChallenges(header).map(({ scheme, params, token68 }) => [scheme, { ...params }, token68])

describe('C-011 section 11.6.1 several challenges', () => {
  const cases: readonly [string, string, unknown[]][] = [
    ['one', 'Bearer realm="x"', [['bearer', { realm: 'x' }, undefined]]],
    ['a scheme alone', 'Negotiate', [['negotiate', {}, undefined]]],
    [
      'Bearer behind Basic',
      'Basic realm="a, b", Bearer scope="x y", error="invalid_token"',
      [
        ['basic', { realm: 'a, b' }, undefined],
        ['bearer', { scope: 'x y', error: 'invalid_token' }, undefined],
      ],
    ],
    [
      'the example of RFC 9110',
      'Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\""',
      [
        ['basic', { realm: 'simple' }, undefined],
        ['newauth', { realm: 'apps', type: '1', title: 'Login to "apps"' }, undefined],
      ],
    ],
    [
      'token68 and a scheme alone',
      'Negotiate YWJj==, Basic, Bearer a=b',
      [
        ['negotiate', {}, 'YWJj=='],
        ['basic', {}, undefined],
        ['bearer', { a: 'b' }, undefined],
      ],
    ],
    [
      'empty list elements and a comma at the end',
      ', Basic realm="x", , Bearer ,',
      [
        ['basic', { realm: 'x' }, undefined],
        ['bearer', {}, undefined],
      ],
    ],
  ]
  test.each(cases)('%s', (_name, header, expected) => expect(read(header)).toEqual(expected))

  test('C-011 several header lines read as one list', () => {
    const headers = new Headers()
    headers.append('www-authenticate', 'Basic realm="x"')
    headers.append('www-authenticate', 'Bearer scope="a"')
    expect(findChallenge(headers.get('www-authenticate'), 'bearer')?.params['scope']).toBe('a')
  })
})

describe('C-011 section 11.2 schemes and parameter names in any case, white space round "="', () => {
  test.each(['BEARER SCOPE="a b"', 'bearer Scope = "a b"', 'Bearer\tscope\t=\t"a b"', 'Bearer scope="\\a b"'])(
    '%s',
    (header) => {
      expect(findChallenge(header, 'Bearer')?.params['scope']).toBe('a b')
    },
  )
})

describe('C-011 a parameter is never found inside another', () => {
  test('scope= inside error_description', () => {
    const header = 'Bearer error="insufficient_scope", error_description="you need scope=\\"admin\\", scope=root"'
    expect(findChallenge(header, 'bearer')?.params['scope']).toBeUndefined()
  })
  test('x_scope is not scope', () => {
    expect(findChallenge('Bearer x_scope="admin"', 'bearer')?.params['scope']).toBeUndefined()
  })
  test('Bearer inside a realm is no challenge', () => {
    expect(findChallenge('Basic realm="Bearer scope=x"', 'bearer')).toBeUndefined()
  })
  test('a parameter of another scheme is not ours', () => {
    const header = 'Digest scope="theirs", Bearer realm="x"'
    expect(findChallenge(header, 'bearer')?.params['scope']).toBeUndefined()
  })
})

describe('deviations seen in the field', () => {
  test('an unquoted URL', () => {
    const url = 'https://mcp.example.com/.well-known/oauth-protected-resource?a=b'
    const challenge = findChallenge(`Bearer resource_metadata=${url}, scope="a"`, 'bearer')
    expect(challenge?.params).toMatchObject({ resource_metadata: url, scope: 'a' })
  })
  test('an unquoted scope with a colon', () => {
    expect(findChallenge('Bearer scope=notes:read, error=invalid_token', 'bearer')?.params).toMatchObject({
      scope: 'notes:read',
      error: 'invalid_token',
    })
  })
  test('a repeated parameter keeps its first value', () => {
    expect(findChallenge('Bearer scope="a", scope="b"', 'bearer')?.params['scope']).toBe('a')
  })
  test('what stood before a broken part counts, what comes after does not', () => {
    expect(read('Bearer scope="a", error="unterminated')).toEqual([['bearer', { scope: 'a' }, undefined]])
    expect(read('Bearer scope="a" @@@, Basic realm="x"')).toEqual([['bearer', { scope: 'a' }, undefined]])
  })
  test.each([null, undefined, '', ' ', ',,', '"', '='])('nothing to read in %p', (header) => {
    expect(parseChallenges(header)).toEqual([])
  })
  test('names that every object has', () => {
    const challenge = findChallenge('Bearer __proto__="x", constructor="y"', 'bearer')
    expect(challenge?.params['constructor']).toBe('y')
    expect(findChallenge('Bearer a="b"', 'bearer')?.params['toString']).toBeUndefined()
  })
})

describe('properties', () => {
  const token = fc.stringMatching(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,12}$/)
  const value = fc.stringMatching(/^[\x20\x21\x23-\x5B\x5D-\x7E]{0,24}$/)
  const params = fc.dictionary(
    token.map((name) => name.toLowerCase()),
    value,
    { maxKeys: 5, noNullPrototype: true },
  )

  test('section 11.6.1 what is written is read, whatever stands before and after', () => {
    fc.assert(
      fc.property(token, params, params, (scheme, before, ours) => {
        const header = [formatChallenge(`x${scheme}`, before), formatChallenge('Bearer', ours)].join(', ')
        const found = parseChallenges(header).at(-1)
        expect(found?.scheme).toBe('bearer')
        expect({ ...found?.params }).toEqual(ours)
      }),
    )
  })
  test('any text is read without an exception, and in time', () => {
    fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => Array.isArray(parseChallenges(text))))
    const started = performance.now()
    for (const part of ['a ', 'a=', 'a="', ', ', '"\\', 'a=b,']) parseChallenges(part.repeat(20_000))
    expect(performance.now() - started).toBeLessThan(2000)
  })
  test('a written challenge is one header line, whatever is in its values', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const written = formatChallenge('Bearer', { scope: text })
        expect(written).toMatch(/^Bearer scope="[\x20\x21\x23-\x5B\x5D-\x7E]*"$/)
      }),
    )
  })
})
