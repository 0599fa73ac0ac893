/**
 * How answers are read: CORS and framing as browsers read them, codes as somebody would who guesses.
 *
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { whyFramed } from '../../conformance/authorization-server/framing.ts'
import { guessableBits } from '../../conformance/authorization-server/guessable-bits.ts'
import { ORIGIN, preflight, readable } from '../../conformance/core/cors.ts'
import { createHttp } from '../../conformance/core/http.ts'
import { isAsymmetric } from '../../conformance/jose/jws.ts'

const answering = (headers: Record<string, string>, status = 200) =>
  createHttp({ fetch: async () => new Response(null, { status, headers }) })

describe('a script can read an answer', () => {
  const allow = 'access-control-allow-origin'
  const cases: readonly (readonly [Record<string, string>, boolean])[] = [
    [{ [allow]: '*' }, true],
    [{ [allow]: ORIGIN }, true],
    [{}, false],
    [{ [allow]: '' }, false],
    [{ [allow]: 'null' }, false],
    [{ [allow]: 'https://*.example' }, false],
    [{ [allow]: `${ORIGIN}/` }, false],
    [{ [allow]: `${ORIGIN}, ${ORIGIN}` }, false],
    [{ [allow]: '*, *' }, false],
    [{ [allow]: '*', 'access-control-allow-credentials': 'true' }, false],
    [{ [allow]: ORIGIN, 'access-control-allow-credentials': 'true' }, false],
  ]
  test.each(cases)('%p: %p', async (headers, can) =>
    expect(readable(await answering(headers).get('https://as.example')).kind).toBe(can ? 'pass' : 'problem'),
  )

  const exposing: readonly (readonly [string | undefined, boolean])[] = [
    ['DPoP-Nonce', true],
    ['retry-after,dpop-nonce', true],
    ['*', true],
    [undefined, false],
    ['X-DPoP-Nonce', false],
    ['DPoP', false],
  ]
  test.each(exposing)('exposing %p, and the nonce in it: %p', async (exposed, can) => {
    const headers = { [allow]: '*', ...(exposed === undefined ? {} : { 'access-control-expose-headers': exposed }) }
    const verdict = readable(await answering(headers).get('https://as.example'), ['DPoP-Nonce'])
    expect(verdict.kind).toBe(can ? 'pass' : 'problem')
  })
})

describe('a preflight lets a script send', () => {
  const open = { 'access-control-allow-origin': '*' }
  const cases: readonly (readonly [Record<string, string>, number, boolean])[] = [
    [{ ...open, 'access-control-allow-headers': 'Authorization, DPoP' }, 204, true],
    [{ ...open, 'access-control-allow-headers': 'dpop,authorization' }, 200, true],
    [{ ...open, 'access-control-allow-headers': '*, Authorization' }, 204, true],
    [{ ...open, 'access-control-allow-headers': '*' }, 204, false],
    [{ ...open, 'access-control-allow-headers': 'Authorization' }, 204, false],
    [{ ...open, 'access-control-allow-headers': 'Authorization, X-DPoP' }, 204, false],
    [{ 'access-control-allow-headers': 'Authorization, DPoP' }, 204, false],
    [{ ...open, 'access-control-allow-headers': 'Authorization, DPoP' }, 302, false],
    [{ ...open, 'access-control-allow-headers': 'Authorization, DPoP' }, 404, false],
  ]
  test.each(cases)('%p with %p: %p', async (headers, status, can) => {
    const asked = { method: 'POST', headers: ['Authorization', 'DPoP'] }
    expect((await preflight(answering(headers, status), 'https://as.example', asked)).kind).toBe(
      can ? 'pass' : 'problem',
    )
  })
  test('a method of its own needs permission', async () => {
    const ask = (methods: string) =>
      preflight(answering({ ...open, 'access-control-allow-methods': methods }), 'https://as.example', {
        method: 'DELETE',
        headers: [],
      })
    expect((await ask('GET, DELETE')).kind).toBe('pass')
    expect((await ask('GET')).kind).toBe('problem')
  })
})

describe('a page can be framed by everybody', () => {
  const csp = (policy: string) => ({ 'content-security-policy': policy })
  const xfo = (options: string) => ({ 'x-frame-options': options })
  const cases: readonly (readonly [Record<string, string>, boolean])[] = [
    [{}, true],
    [csp("frame-ancestors 'none'"), false],
    [csp("default-src *; Frame-Ancestors 'self'"), false],
    [csp('frame-ancestors https://console.example'), false],
    [csp('frame-ancestors'), false],
    [csp("default-src 'none'"), true],
    [csp('frame-ancestors *'), true],
    [csp("frame-ancestors 'self' https:"), true],
    [csp('frame-ancestors https://*'), true],
    [csp("frame-ancestors *; frame-ancestors 'none'"), true],
    [csp("frame-ancestors *, frame-ancestors 'none'"), false],
    [xfo('DENY'), false],
    [xfo('sameorigin'), false],
    [xfo('ALLOWALL'), true],
    [xfo('ALLOW-FROM https://console.example'), true],
    // Browsers look at one of them only.
    [{ ...csp('frame-ancestors *'), ...xfo('DENY') }, true],
  ]
  test.each(cases)('%p: %p', (headers, can) => expect(whyFramed(new Headers(headers)) !== undefined).toBe(can))
})

describe('a code', () => {
  const some = (make: (at: number) => string): readonly string[] => Array.from({ length: 8 }, (_, at) => make(at))
  const bytes = (length: number) => crypto.getRandomValues(new Uint8Array(length))
  test.each([
    ['16 bytes as base64url', () => bytes(16).toBase64({ alphabet: 'base64url', omitPadding: true })],
    ['16 bytes in hexadecimal', () => bytes(16).toHex()],
    ['with a fixed beginning', () => `code_${bytes(20).toHex()}`],
  ])('of %s has 128 bits', (_, make) => expect(guessableBits(some(make))).toBeGreaterThanOrEqual(128))
  test.each([
    ['a version 4 UUID (122 bits)', () => crypto.randomUUID()],
    ['8 bytes', () => bytes(8).toHex()],
    ['a counter in a long text', (at: number) => `authorization-code-of-this-very-server-${1000 + at}`],
    ['a time and a counter', (at: number) => `${Date.UTC(2026, 1, 1) + at * 977}${'0'.repeat(20)}${at}`],
    ['always the same', () => 'x'.repeat(64)],
    ['twice the same', (at: number) => (at < 2 ? 'y' : bytes(1).toHex()).repeat(40)],
  ])('that is %s has less', (_, make) => expect(guessableBits(some(make))).toBeLessThan(128))
})

test('an algorithm for proofs is one that is registered, with a key pair', () => {
  for (const alg of ['ES256', 'ES384', 'ES512', 'RS256', 'PS512', 'EdDSA', 'Ed25519', 'ES256K', 'ML-DSA-65'])
    expect(isAsymmetric(alg)).toBe(true)
  for (const alg of [
    'none',
    'HS256',
    'HS512',
    'A128KW',
    'A256GCM',
    'dir',
    'RSA-OAEP',
    'ECDH-ES',
    '',
    'es256',
    256,
    null,
  ])
    expect(isAsymmetric(alg)).toBe(false)
})
