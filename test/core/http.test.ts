/**
 * The pure parts of the transport: which route a path stands for, what a caller wants to read, how forms are read.
 *
 * @module
 */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { prefersProblemJson } from '../../server/http/accept.ts'
import { routeBelow } from '../../server/http/below-issuer.ts'
import { type FormRecord, readForm, writeForm } from '../../shared/form.ts'
import {
  authorizationServerMetadataUrls,
  identifierPath,
  protectedResourceMetadataUrls,
} from '../../shared/well-known.ts'

const OAUTH = '/.well-known/oauth-authorization-server'
const OPENID = '/.well-known/openid-configuration'

describe('routeBelow', () => {
  const cases: readonly (readonly [string, string, string | null])[] = [
    ['https://h', '/oauth/token', '/oauth/token'],
    ['https://h', OAUTH, OAUTH],
    ['https://h/', '/anything', '/anything'],
    ['https://h/t', '/t/oauth/token', '/oauth/token'],
    ['https://h/t/', '/t/oauth/token', '/oauth/token'],
    ['https://h/t', `${OAUTH}/t`, OAUTH],
    ['https://h/t', `${OPENID}/t`, OPENID],
    ['https://h/t', `/t${OPENID}`, OPENID],
    ['https://h/t', `/t${OAUTH}`, null],
    ['https://h/t', '/t/.well-known/jwks.json', '/.well-known/jwks.json'],
    ['https://h/t', '/health/live', '/health/live'],
    ['https://h/t', '/t/health/live', '/health/live'],
    ['https://h/t', '/', null],
    ['https://h/t', '/t', null],
    ['https://h/t', '/t/', '/'],
    ['https://h/t', '/tt/oauth/token', null],
    ['https://h/t', '/T/oauth/token', null],
    ['https://h/t', '/oauth/token', null],
    ['https://h/t', OAUTH, null],
    ['https://h/t', `${OAUTH}/t/`, null],
    ['https://h/t', `${OAUTH}/u`, null],
    ['https://h/a/b', `${OAUTH}/a/b`, OAUTH],
    ['https://h/a/b', `${OAUTH}/a`, null],
    ['https://h/a/b', '/a/oauth/token', null],
  ]
  test.each(cases)('AS-005 of %s, %s is %p', (issuer, path, route) => {
    expect(routeBelow(identifierPath(issuer), path)).toBe(route)
  })
})

describe('where metadata is', () => {
  test.each([
    ['https://h', ''],
    ['https://h/', ''],
    ['https://h/a', '/a'],
    ['https://h/a/', '/a'],
    ['https://h/a/b?x', '/a/b'],
  ])('the path of %s is %p', (identifier, path) => expect(identifierPath(identifier)).toBe(path))

  test('RFC 8414 section 3.1 of an authorization server', () => {
    expect(authorizationServerMetadataUrls('https://h:1')).toEqual([`https://h:1${OAUTH}`, `https://h:1${OPENID}`])
    const below = [`https://h${OAUTH}/t`, `https://h${OPENID}/t`, `https://h/t${OPENID}`]
    expect(authorizationServerMetadataUrls('https://h/t')).toEqual(below)
    expect(authorizationServerMetadataUrls('https://h/t/')).toEqual(below)
  })

  test('RFC 9728 section 3.1 of a protected resource', () => {
    const name = '/.well-known/oauth-protected-resource'
    expect(protectedResourceMetadataUrls('https://h')).toEqual([{ url: `https://h${name}`, resource: 'https://h' }])
    expect(protectedResourceMetadataUrls('https://h/mcp')).toEqual([
      { url: `https://h${name}/mcp`, resource: 'https://h/mcp' },
      { url: `https://h${name}`, resource: 'https://h' },
    ])
    expect(protectedResourceMetadataUrls('https://h/mcp?k=1')[0]?.url).toBe(`https://h${name}/mcp?k=1`)
  })
})

describe('prefersProblemJson', () => {
  test('never throws, and wants what names it', () => {
    fc.assert(fc.property(fc.string(), (accept) => expect(typeof prefersProblemJson(accept)).toBe('boolean')))
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 1, noNaN: true }), (weight) => {
        expect(prefersProblemJson(`application/problem+json;q=${weight.toFixed(3)}`)).toBe(true)
      }),
    )
  })
  test('nothing is no wish', () =>
    expect([null, '', ',', ';'].map(prefersProblemJson)).toEqual([false, false, false, false]))
})

describe('readForm', () => {
  const cases: readonly (readonly [string, FormRecord])[] = [
    ['a=1&b=2', { a: '1', b: '2' }],
    ['a=1&a=2&a=3', { a: ['1', '2', '3'] }],
    ['a=&b', {}],
    ['a=&a=1', { a: '1' }],
    ['a=x+y%20z%2B', { a: 'x y z+' }],
    ['a[]=1&a[b]=2', { 'a[]': '1', 'a[b]': '2' }],
    ['=1', { '': '1' }],
    ['constructor=1&toString=2', { constructor: '1', toString: '2' }],
    ['a=%ZZ&b=%', { a: '%ZZ', b: '%' }],
  ]
  test.each(cases)('AS-048 %p', (query, expected) => expect(readForm(new URLSearchParams(query))).toEqual(expected))

  test('a parameter called __proto__ is a parameter like any other', () => {
    const record = readForm(new URLSearchParams('__proto__=x&__proto__=y'))
    expect(Object.getPrototypeOf(record)).toBe(Object.prototype)
    expect(Object.entries(record)).toEqual([['__proto__', ['x', 'y']]])
  })

  test('what writeForm writes, it reads', () => {
    const value = fc.string({ minLength: 1 })
    const entries = fc.dictionary(fc.string(), fc.oneof(value, fc.array(value, { minLength: 2 })))
    fc.assert(fc.property(entries, (record) => expect(readForm(writeForm(record))).toEqual({ ...record })))
  })
})
