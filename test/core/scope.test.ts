/**
 * Scopes as sets.
 *
 * @see RFC 6749 section 3.3
 * @module
 */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import * as v from 'valibot'
import {
  expandScopes,
  formatScope,
  includesScopes,
  missingScopes,
  parseScope,
  unionScopes,
} from '../../shared/scope.ts'
import { ScopeString, ScopeToken } from '../../shared/scope-syntax.ts'

const token = fc.stringMatching(/^[\x21\x23-\x5B\x5D-\x7E]{1,8}$/)
const scopes = fc.uniqueArray(token)

test.each([
  [undefined, []],
  ['', []],
  ['  ', []],
  ['a', ['a']],
  [' a  b a ', ['a', 'b']],
  ['a\tb', ['a\tb']],
  ['A a', ['A', 'a']],
])('parseScope %p is %p', (text, expected) => expect(parseScope(text)).toEqual(expected))

test('what is written can be read', () => {
  fc.assert(fc.property(scopes, (list) => expect(parseScope(formatScope(list))).toEqual(list)))
  fc.assert(fc.property(scopes, (list) => expect(v.is(ScopeString, formatScope(list))).toBe(true)))
})

test.each(['', ' ', 'a b', '"', '\\', '\n', 'é', '\u007f'])('%p is no scope token', (text) => {
  expect(v.is(ScopeToken, text)).toBe(false)
})

test('what is missing, and what is included, are two sides', () => {
  fc.assert(
    fc.property(scopes, scopes, (granted, wanted) => {
      expect(includesScopes(granted, wanted)).toBe(missingScopes(granted, wanted).length === 0)
      expect(includesScopes(unionScopes(granted, wanted), wanted)).toBe(true)
      expect(includesScopes(unionScopes(granted, missingScopes(granted, wanted)), wanted)).toBe(true)
    }),
  )
})

describe('expandScopes', () => {
  const hierarchy = { admin: ['write'], write: ['read'], a: ['b'], b: ['a'] }
  test.each([
    [['admin'], ['admin', 'write', 'read']],
    [['read'], ['read']],
    [
      ['write', 'read'],
      ['write', 'read'],
    ],
    [['a'], ['a', 'b']],
    [['unknown'], ['unknown']],
    [
      ['toString', '__proto__', 'constructor'],
      ['toString', '__proto__', 'constructor'],
    ],
    [[], []],
  ])('%p implies %p', (given, expected) => expect(expandScopes(given, hierarchy)).toEqual(expected))
})
