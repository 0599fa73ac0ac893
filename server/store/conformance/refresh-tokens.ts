/**
 * What the `refreshTokens` and `revokedTokens` ports promise.
 *
 * @module
 */
import { deepEqual, equal } from 'node:assert/strict'
import type { ConformanceCase } from './conformance-case.ts'
import { code, grant, NOW, redeemedGrant, refreshToken, tally, together } from './records.ts'

const first = refreshToken()
const second = refreshToken({
  hash: 'token-hash-2',
  createdAt: NOW + 1,
  expiresAt: NOW + 501,
  sealedValue: 'sealed',
})
const third = refreshToken({ hash: 'token-hash-3', createdAt: NOW + 2, expiresAt: NOW + 502, sealedValue: 'other' })
const rotation = { hash: first.hash, successor: second, now: NOW + 1 }

export const refreshTokenCases: readonly ConformanceCase[] = [
  {
    name: 'refreshTokens.find gives the token and its grant',
    async run(store) {
      equal(await store.refreshTokens.find(first.hash), null)
      await redeemedGrant(store)
      deepEqual(await store.refreshTokens.find(first.hash), { token: first, grant: grant() })
      await store.grants.revoke('grant-1', NOW + 7)
      equal((await store.refreshTokens.find(first.hash))?.grant.revokedAt, NOW + 7)
    },
  },
  {
    name: 'refreshTokens.rotate consumes the token and stores the successor',
    async run(store) {
      await redeemedGrant(store)
      equal(await store.refreshTokens.rotate(rotation), 'rotated')
      deepEqual((await store.refreshTokens.find(first.hash))?.token, {
        ...first,
        consumedAt: NOW + 1,
        successorHash: second.hash,
      })
      deepEqual((await store.refreshTokens.find(second.hash))?.token, second)
    },
  },
  {
    name: 'refreshTokens.rotate lets one of 32 rotate, and stores that one successor only',
    async run(store) {
      await redeemedGrant(store)
      const outcomes = await together(32, (index) =>
        store.refreshTokens.rotate({ ...rotation, successor: { ...second, hash: `successor-${index}` } }),
      )
      deepEqual(tally(outcomes), { rotated: 1, consumed: 31 })
      const winner = outcomes.indexOf('rotated')
      const consumed = await store.refreshTokens.find(first.hash)
      equal(consumed?.token.successorHash, `successor-${winner}`)
      const stored = await together(
        32,
        async (index) => (await store.refreshTokens.find(`successor-${index}`)) !== null,
      )
      deepEqual(
        stored,
        outcomes.map((outcome) => outcome === 'rotated'),
      )
    },
  },
  {
    name: 'refreshTokens.rotate says consumed to whoever comes later, and changes nothing',
    async run(store) {
      await redeemedGrant(store)
      await store.refreshTokens.rotate(rotation)
      const before = await store.refreshTokens.find(first.hash)
      equal(await store.refreshTokens.rotate({ ...rotation, successor: third }), 'consumed')
      deepEqual(await store.refreshTokens.find(first.hash), before)
      equal(await store.refreshTokens.find(third.hash), null)
    },
  },
  {
    name: 'refreshTokens.rotate forgets the sealed value of the token, now that it was used',
    async run(store) {
      await redeemedGrant(store)
      await store.refreshTokens.rotate(rotation)
      equal((await store.refreshTokens.find(second.hash))?.token.sealedValue, 'sealed')
      equal(await store.refreshTokens.rotate({ hash: second.hash, successor: third, now: NOW + 2 }), 'rotated')
      equal((await store.refreshTokens.find(second.hash))?.token.sealedValue, null)
      equal((await store.refreshTokens.find(third.hash))?.token.sealedValue, 'other')
    },
  },
  {
    name: 'refreshTokens.rotate refuses an unknown token',
    async run(store) {
      equal(await store.refreshTokens.rotate(rotation), 'dead')
    },
  },
  {
    name: 'refreshTokens.rotate refuses an expired token from its very second on, and stores nothing',
    async run(store) {
      await redeemedGrant(store)
      equal(await store.refreshTokens.rotate({ ...rotation, now: first.expiresAt }), 'dead')
      deepEqual((await store.refreshTokens.find(first.hash))?.token, first)
      equal(await store.refreshTokens.find(second.hash), null)
      equal(await store.refreshTokens.rotate({ ...rotation, now: first.expiresAt - 1 }), 'rotated')
    },
  },
  {
    name: 'refreshTokens.rotate refuses the token of a revoked grant, and stores nothing',
    async run(store) {
      await redeemedGrant(store)
      await store.grants.revoke('grant-1', NOW)
      equal(await store.refreshTokens.rotate(rotation), 'dead')
      equal(await store.refreshTokens.find(second.hash), null)
    },
  },
  {
    name: 'refreshTokens.rotate refuses the token of an expired grant, and stores nothing',
    async run(store) {
      await store.grants.create(grant({ expiresAt: NOW + 100 }), code())
      await store.codes.redeem(code().hash, first, NOW)
      equal(await store.refreshTokens.rotate({ ...rotation, now: NOW + 100 }), 'dead')
      equal(await store.refreshTokens.find(second.hash), null)
    },
  },
  {
    name: 'refreshTokens.rotate and grants.revoke at once never leave a usable token behind',
    async run(store) {
      await redeemedGrant(store)
      const [revoked, ...rotated] = await Promise.all([
        store.grants.revoke('grant-1', NOW),
        ...Array.from({ length: 31 }, (_, index) =>
          store.refreshTokens.rotate({ ...rotation, successor: { ...second, hash: `successor-${index}` } }),
        ),
      ])
      equal(revoked, true)
      const winner = rotated.indexOf('rotated')
      equal(rotated.filter((outcome) => outcome === 'rotated').length <= 1, true)
      if (winner !== -1) {
        const next = { ...rotation, hash: `successor-${winner}`, successor: third }
        equal(await store.refreshTokens.rotate(next), 'dead')
      }
      equal((await store.refreshTokens.find(first.hash))?.token.consumedAt === null, winner === -1)
    },
  },
  {
    name: 'revokedTokens.remember is true for one of 32, and has knows it',
    async run({ revokedTokens }) {
      equal(await revokedTokens.has('jti-1'), false)
      deepEqual(tally(await together(32, () => revokedTokens.remember('jti-1', NOW + 900))), { true: 1, false: 31 })
      equal(await revokedTokens.has('jti-1'), true)
      equal(await revokedTokens.has('jti-2'), false)
    },
  },
]
