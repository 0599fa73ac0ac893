/**
 * Where codes and refresh tokens are kept.
 *
 * @see docs/adr/0077-tokens-say-where-they-are-kept.md
 * @module
 */
import { expect, test } from 'bun:test'
import { createGrantId, createOpaqueToken, hashOpaqueToken } from '../../server/core/tokens/opaque-token.ts'
import { hash } from '../../server/store/hash.ts'
import { ordinal } from '../../server/store/ordinal.ts'
import { random } from '../../server/store/random.ts'

const source = { ordinal, random }

test('ordinals are as long as each other, and each is greater than the last', () => {
  const made = Array.from({ length: 5000 }, ordinal)
  expect(new Set(made.map(({ length }) => length))).toEqual(new Set([12]))
  expect(made.toSorted()).toEqual(made)
  expect(new Set(made).size).toBe(5000)
})

test('AS-070 the secret part is 256 random bits, and each differs', () => {
  const tokens = Array.from({ length: 100 }, () => createOpaqueToken(source))
  for (const token of tokens) expect(token).toMatch(/^\w{12}\.[\w-]{43}$/)
  expect(new Set(tokens.map((token) => token.slice(13))).size).toBe(100)
})

test('grants come in the order of their making, too', () => {
  const ids = Array.from({ length: 100 }, () => createGrantId(source))
  expect(ids.toSorted()).toEqual(ids)
  for (const id of ids) expect(id).toMatch(/^\w{12}[\w-]{22}$/)
})

test('what is stored is the locator and the hash of all of it, so that no part can be exchanged', async () => {
  const token = createOpaqueToken(source)
  expect(await hashOpaqueToken(token, hash)).toBe(`${token.slice(0, 13)}${await hash(token)}`)
  const elsewhere = createOpaqueToken(source).slice(0, 13) + token.slice(13)
  expect((await hashOpaqueToken(elsewhere, hash)).slice(13)).not.toBe((await hashOpaqueToken(token, hash)).slice(13))
})

test.each([
  '',
  'x',
  'O'.repeat(43),
  '.abc',
  'a.',
  'a.b.c',
  'a b.c',
  'é.abc',
  `${'a'.repeat(33)}.abc`,
  '\0.abc',
  'a.b%',
])('the locator of nothing: %p', async (token) => expect(await hashOpaqueToken(token, hash)).toBe(await hash(token)))
