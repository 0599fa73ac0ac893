/**
 * What the `grants` and `codes` ports promise.
 *
 * @module
 */
import { deepEqual, equal, rejects } from 'node:assert/strict'
import type { ConformanceCase } from './conformance-case.ts'
import { code, grant, NOW, refreshToken, tally, together } from './records.ts'

export const grantCases: readonly ConformanceCase[] = [
  {
    name: 'grants.create stores the grant and its code',
    async run({ codes, grants }) {
      await grants.create(grant(), code())
      deepEqual(await grants.find('grant-1'), grant())
      deepEqual(await codes.find(code().hash), { code: code(), grant: grant() })
      equal(await grants.find('grant-2'), null)
      equal(await codes.find('code-2'), null)
      const bound = code({ hash: 'bound', grantId: 'grant-2', boundTo: 'thumbprint' })
      await grants.create(grant({ id: 'grant-2' }), bound)
      deepEqual((await codes.find('bound'))?.code, bound)
    },
  },
  {
    name: 'grants.create stores both or nothing',
    async run({ grants }) {
      await grants.create(grant(), code())
      await rejects(grants.create(grant({ id: 'grant-2' }), code({ grantId: 'grant-2' })))
      equal(await grants.find('grant-2'), null)
    },
  },
  {
    name: "grants.listLive names a user's live grants, newest first",
    async run({ grants }) {
      const create = (id: string, changes: Parameters<typeof grant>[0]) =>
        grants.create(grant({ id, ...changes }), code({ hash: id, grantId: id }))
      await create('older', { createdAt: NOW - 10 })
      await create('newer', { createdAt: NOW })
      await create('expired', { expiresAt: NOW + 5 })
      await create('revoked', { revokedAt: NOW })
      await create('of someone else', { userId: 'user-2' })
      const live = await grants.listLive('user-1', NOW + 5)
      deepEqual(
        live.map(({ id }) => id),
        ['newer', 'older'],
      )
    },
  },
  {
    name: 'grants.listLive gives a part, and the parts together are all, each once',
    async run({ grants }) {
      const ids = Array.from({ length: 7 }, (_, index) => `grant-${index}`)
      // Some at the same time: their order must be the same each time.
      for (const [index, id] of ids.entries()) {
        await grants.create(grant({ id, createdAt: NOW + (index % 3) }), code({ hash: id, grantId: id }))
      }
      const all = await grants.listLive('user-1', NOW)
      const parts = await Promise.all([0, 3, 6, 9].map((after) => grants.listLive('user-1', NOW, { after, limit: 3 })))
      deepEqual(
        parts.map(({ length }) => length),
        [3, 3, 1, 0],
      )
      deepEqual(parts.flat(), all)
    },
  },
  {
    name: 'grants.hasLive knows person, client and resource, and neither expired nor revoked grants',
    async run({ grants }) {
      const create = (id: string, changes: Parameters<typeof grant>[0]) =>
        grants.create(grant({ id, ...changes }), code({ hash: id, grantId: id }))
      const { userId, clientId, resource } = grant()
      await create('live', {})
      await create('expired', { clientId: 'client-2', expiresAt: NOW })
      await create('revoked', { clientId: 'client-3', revokedAt: NOW })
      equal(await grants.hasLive(userId, clientId, resource, NOW), true)
      equal(await grants.hasLive('user-2', clientId, resource, NOW), false)
      equal(await grants.hasLive(userId, clientId, `${resource}/`, NOW), false)
      equal(await grants.hasLive(userId, 'client-2', resource, NOW), false)
      equal(await grants.hasLive(userId, 'client-3', resource, NOW), false)
    },
  },
  {
    name: 'grants.revoke is true once, of 32 callers too',
    async run({ grants }) {
      await grants.create(grant(), code())
      deepEqual(tally(await together(32, (index) => grants.revoke('grant-1', NOW + index))), { true: 1, false: 31 })
      equal(await grants.revoke('grant-1', NOW + 100), false)
      equal(await grants.revoke('grant-2', NOW), false)
    },
  },
  {
    name: 'codes.redeem consumes the code and stores the refresh token',
    async run({ codes, grants, refreshTokens }) {
      await grants.create(grant(), code())
      equal(await codes.redeem(code().hash, refreshToken(), NOW + 1), 'redeemed')
      equal((await codes.find(code().hash))?.code.consumedAt, NOW + 1)
      deepEqual((await refreshTokens.find(refreshToken().hash))?.token, refreshToken())
    },
  },
  {
    name: 'codes.redeem works without a refresh token',
    async run({ codes, grants }) {
      await grants.create(grant(), code())
      equal(await codes.redeem(code().hash, null, NOW), 'redeemed')
      equal(await codes.redeem(code().hash, null, NOW), 'consumed')
    },
  },
  {
    name: 'codes.redeem lets one of 32 have the code, and stores that one token only',
    async run({ codes, grants, refreshTokens }) {
      await grants.create(grant(), code())
      const outcomes = await together(32, (index) =>
        codes.redeem(code().hash, refreshToken({ hash: `token-${index}` }), NOW),
      )
      deepEqual(tally(outcomes), { redeemed: 1, consumed: 31 })
      const stored = await together(32, async (index) => (await refreshTokens.find(`token-${index}`)) !== null)
      deepEqual(
        stored,
        outcomes.map((outcome) => outcome === 'redeemed'),
      )
    },
  },
  {
    name: 'codes.redeem refuses an unknown code',
    async run({ codes }) {
      equal(await codes.redeem(code().hash, null, NOW), 'dead')
    },
  },
  {
    name: 'codes.redeem refuses an expired code from its very second on, and stores nothing',
    async run({ codes, grants, refreshTokens }) {
      await grants.create(grant(), code())
      equal(await codes.redeem(code().hash, refreshToken(), code().expiresAt), 'dead')
      equal(await refreshTokens.find(refreshToken().hash), null)
      equal((await codes.find(code().hash))?.code.consumedAt, null)
      equal(await codes.redeem(code().hash, refreshToken(), code().expiresAt - 1), 'redeemed')
    },
  },
  {
    name: 'codes.redeem refuses the code of a revoked or expired grant, and stores nothing',
    async run({ codes, grants, refreshTokens }) {
      await grants.create(grant({ expiresAt: NOW + 10 }), code())
      equal(await codes.redeem(code().hash, refreshToken(), NOW + 10), 'dead')
      await grants.revoke('grant-1', NOW)
      equal(await codes.redeem(code().hash, refreshToken(), NOW), 'dead')
      equal(await refreshTokens.find(refreshToken().hash), null)
    },
  },
]
