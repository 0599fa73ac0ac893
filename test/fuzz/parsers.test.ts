/**
 * Headers, forms and scopes, as strangers write them: they are read without a throw, and what is written is read again.
 *
 * @see RFC 9110 section 11.2
 * @see RFC 6749 section 3.3, appendix B
 * @module
 */
import { describe, expect } from 'bun:test'
import fc from 'fast-check'
import * as v from 'valibot'
import { networkOf } from '../../server/core/network.ts'
import { prefersProblemJson } from '../../server/http/accept.ts'
import { readSessionCookie } from '../../server/pages/session-cookie.ts'
import { readCredentials } from '../../server/resource/credentials.ts'
import { createProofKeys } from '../../server/resource/proof-keys.ts'
import { formatChallenge, parseChallenges } from '../../shared/challenge.ts'
import { DPOP_PROBLEMS } from '../../shared/dpop/problem.ts'
import { readDpopProof } from '../../shared/dpop/proof.ts'
import { proofUrl } from '../../shared/dpop/proof-url.ts'
import { DPOP_ALGORITHMS } from '../../shared/dpop/public-key.ts'
import { readForm, writeForm } from '../../shared/form.ts'
import { freshUntil } from '../../shared/http-freshness.ts'
import { expandScopes, formatScope, includesScopes, parseScope } from '../../shared/scope.ts'
import { ScopeString } from '../../shared/scope-syntax.ts'
import { encodePart } from '../support/foreign-signer.ts'
import { fuzz } from './runs.ts'
import { anyText, headerText, madeOf } from './values.ts'

const text43 = fc.stringMatching(/^[\w-]{43}$/)

describe('challenges', () => {
  const grammar = madeOf(
    'Bearer',
    'Basic',
    ' ',
    ', ',
    ',',
    '=',
    '"',
    '\\',
    '\\"',
    'realm',
    'error="invalid_token"',
    'scope=a:b',
    'x=',
    '==',
    '\t',
    'YWJj',
  )

  fuzz('are read without a throw, into lower-case names', 40, fc.oneof(grammar, anyText), (text) => {
    for (const { scheme, params } of parseChallenges(text)) {
      expect([scheme, ...Object.keys(params)].every((name) => name !== '' && name === name.toLowerCase())).toBe(true)
    }
  })

  const printable = fc.stringMatching(/^[\x20\x21\x23-\x5B\x5D-\x7E]{0,30}$/)
  const name = fc.stringMatching(/^[a-z_]{1,12}$/).filter((one) => one !== '__proto__')
  fuzz(
    'that were written are read as they were meant',
    10,
    fc.dictionary(name, printable, { minKeys: 1 }),
    (params) => {
      expect(parseChallenges(formatChallenge('Bearer', params))).toEqual([
        { scheme: 'bearer', params: expect.objectContaining(params) },
      ])
    },
  )

  fuzz('that are written can be a header, whatever they say', 10, fc.dictionary(name, anyText), (params) => {
    expect(() => new Headers({ 'www-authenticate': formatChallenge('Bearer', params) })).not.toThrow()
  })
})

describe('forms and scopes', () => {
  fuzz(
    'any query is a record of texts and lists of texts',
    20,
    fc.oneof(anyText, madeOf('a', '=', '&', '+', '%', '%41', '[]', ';', '__proto__', '__proto__=a&')),
    (text) => {
      const record = readForm(new URLSearchParams(text))
      expect(Object.getPrototypeOf(record)).toBe(Object.prototype)
      for (const value of Object.values(record))
        expect(typeof value === 'string' ? value !== '' : value.length > 1 && !value.includes('')).toBe(true)
      expect(readForm(writeForm(record))).toEqual(record)
    },
  )

  const scopes = fc.oneof(madeOf('a', 'b', ' ', '  ', 'notes:read', '"', '\\', '\t'), anyText)
  fuzz('scopes are a set, and written as one', 20, scopes, (text) => {
    const parsed = parseScope(text)
    expect(new Set(parsed).size).toBe(parsed.length)
    expect(parseScope(formatScope(parsed))).toEqual(parsed)
    if (v.is(ScopeString, text)) expect(v.is(ScopeString, formatScope(parsed))).toBe(true)
  })

  const few = fc.constantFrom('a', 'b', 'c', 'd', '__proto__', 'constructor')
  fuzz(
    'what scopes imply holds them, and implies no more',
    10,
    fc.tuple(fc.array(few), fc.dictionary(few, fc.array(few))),
    ([given, hierarchy]) => {
      const expanded = expandScopes(given, hierarchy)
      expect(includesScopes(expanded, given)).toBe(true)
      expect(new Set(expandScopes(expanded, hierarchy))).toEqual(new Set(expanded))
    },
  )
})

describe('headers', () => {
  fuzz(
    'an access token is one of its characters, and all there is',
    20,
    fc.oneof(headerText, madeOf('Bearer', 'bearer', 'DPoP', ' ', ',', 'abc.def', '==', 'Basic x', '\t')),
    (text) => {
      const read = readCredentials(new Headers({ authorization: text }))
      if (read.ok) expect(text.trim().replace(/^(?:bearer|dpop) +/i, '')).toBe(read.value.token)
    },
  )

  fuzz(
    'Accept, Cookie, Cache-Control and addresses',
    20,
    fc.oneof(
      headerText,
      madeOf(
        'application/json',
        ';q=',
        '0.',
        '1',
        ',',
        '*/*',
        'max-age=',
        'no-store',
        '9',
        '=',
        '"',
        'sallyport_session=',
        '1.2.3.4',
        '::',
        ':80',
      ),
    ),
    (text) => {
      expect(typeof prefersProblemJson(text)).toBe('boolean')
      const cookie = readSessionCookie(text, false)
      expect(cookie === null || /^[\w-]{43}$/.test(cookie)).toBe(true)
      const until = freshUntil(new Headers({ 'cache-control': text, expires: text, age: text }), 1000)
      expect(until >= 1000 && until <= 1000 + 86_400).toBe(true)
      expect(networkOf(text).length).toBeLessThanOrEqual(64)
    },
  )
})

describe('DPoP proofs', () => {
  const keys = createProofKeys(DPOP_ALGORITHMS)
  const part = fc.oneof(
    fc.record(
      {
        typ: fc.constantFrom('dpop+jwt', 'JWT', 7),
        alg: fc.constantFrom('ES256', 'none', 'HS256', 'RS256', '__proto__', 'constructor'),
        jwk: fc.oneof(
          fc.jsonValue(),
          fc.record(
            { kty: fc.constantFrom('EC', 'oct', 'RSA'), crv: fc.constant('P-256'), x: text43, y: text43, d: text43 },
            { requiredKeys: ['kty'] },
          ),
        ),
        crit: fc.jsonValue(),
      },
      { requiredKeys: [] },
    ),
    fc.record(
      {
        jti: fc.jsonValue(),
        htm: fc.constantFrom('POST', 1),
        htu: anyText,
        iat: fc.oneof(fc.double(), fc.jsonValue()),
        nonce: fc.jsonValue(),
      },
      { requiredKeys: [] },
    ),
    fc.jsonValue(),
  )

  fuzz(
    'are read without a throw, and nothing that is signed by nobody verifies',
    40,
    fc.oneof(
      fc
        .tuple(part, part, fc.base64String())
        .map(([one, two, three]) => [encodePart(one), encodePart(two), three].join('.')),
      madeOf('.', '..', ',', 'eyJ', 'e30', 'bnVsbA', '=', 'é', ' '),
      anyText,
    ),
    (proof) => {
      const read = readDpopProof(proof, keys)
      if (!read.ok) expect(Object.keys(DPOP_PROBLEMS)).toContain(read.error)
      else expect(read.value.key.verifies(read.value)).toBe(false)
    },
  )

  fuzz('the URL of a proof is written in one way', 20, fc.oneof(fc.webUrl(), anyText), (text) => {
    const url = proofUrl(text)
    if (url === null) return
    expect(proofUrl(url)).toBe(url)
    expect(proofUrl(`${url}?query#fragment`)).toBe(url)
  })
})
