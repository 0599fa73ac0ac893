/**
 * The ids of access tokens: what each says of those that it was made from.
 *
 * @module
 */
import { describe, expect, test } from 'bun:test'
import {
  ancestryOf,
  deriveAccessTokenId,
  exchangesOf,
  formatAccessTokenId,
  grantOfAccessToken,
  stemOf,
} from '../../server/core/tokens/access-token-id.ts'

const of = (jti: string, clientId = 'c') => ({ jti, clientId })

describe('what was not exchanged', () => {
  test.each([
    [formatAccessTokenId('G', 'one'), 'G'],
    [formatAccessTokenId(null, 'one'), null],
  ])('%s has its grant and no ancestors', (jti, grantId) => {
    expect([grantOfAccessToken(jti), ancestryOf(jti), exchangesOf(jti), stemOf(jti)]).toEqual([grantId, null, 0, jti])
  })
})

describe('what was exchanged', () => {
  const first = deriveAccessTokenId(of('G.one', 'host'), null, 'two')
  const second = deriveAccessTokenId(of(first, 'notes'), of('act', 'mail'), 'three')
  const third = deriveAccessTokenId(of(second, 'mail'), of('H.deputy', 'desk'), 'four')

  test('names every token, grant and client that it was made from', () => {
    expect(ancestryOf(first)).toEqual({ tokens: ['G.one'], grantIds: ['G'], clientIds: ['host'] })
    expect(ancestryOf(second)).toEqual({
      tokens: ['G.one', 'G.one.two', 'act'],
      grantIds: ['G'],
      clientIds: ['host', 'notes', 'mail'],
    })
    expect(ancestryOf(third)).toEqual({
      tokens: ['G.one', 'G.one.two', 'G.one.two.three', 'act', 'H.deputy'],
      grantIds: ['G', 'H'],
      clientIds: ['host', 'notes', 'mail', 'desk'],
    })
    expect([first, second, third].map(exchangesOf)).toEqual([1, 2, 3])
    expect([first, second, third].map(grantOfAccessToken)).toEqual(['G', 'G', 'G'])
  })

  test('is revoked by a name that its descendants repeat', () => {
    for (const [child, parent] of [
      [second, first],
      [third, second],
    ] as const)
      expect(ancestryOf(child)?.tokens).toContain(stemOf(parent))
  })

  test('of a machine: no grant, at any depth', () => {
    const one = deriveAccessTokenId(of('m', 'robot'), null, 'two')
    const two = deriveAccessTokenId(of(one, 'notes'), null, 'three')
    expect([one, two].map(grantOfAccessToken)).toEqual([null, null])
    expect(ancestryOf(two)).toEqual({ tokens: ['m', '.m.two'], grantIds: [], clientIds: ['robot', 'notes'] })
    expect(ancestryOf(two)?.tokens).toContain(stemOf(one))
  })

  test('an actor that was itself exchanged brings all that it was made from', () => {
    const actor = deriveAccessTokenId(of('A.one', 'x'), null, 'two')
    expect(ancestryOf(deriveAccessTokenId(of('G.one', 'host'), of(actor, 'y'), 'z'))).toEqual({
      tokens: ['G.one', 'A.one.two', 'A.one'],
      grantIds: ['G', 'A'],
      clientIds: ['host', 'x', 'y'],
    })
  })

  test.each(['https://app.example/client.json?a=b~c', 'a.b~c@d', '%7E', 'ü'])('the client %p stays one', (id) => {
    const jti = deriveAccessTokenId(of('G.one', id), null, 'two')
    expect([ancestryOf(jti)?.clientIds, stemOf(jti)]).toEqual([[id], 'G.one.two'])
  })

  test('a mark that nobody made is of nobody', () => {
    expect(ancestryOf('G.one.two~@%')?.clientIds).toEqual(['@%'])
  })
})
