/**
 * What `ping`, `purge` and `close` promise.
 *
 * @module
 */
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { StoreUnavailable } from '../../core/ports.ts'
import type { ConformanceCase } from './conformance-case.ts'
import { code, consent, grant, NOW, redeemedGrant, refreshToken, together } from './records.ts'

export const housekeepingCases: readonly ConformanceCase[] = [
  {
    name: 'purge keeps what still counts',
    async run(store) {
      await redeemedGrant(store)
      await store.grants.create(grant({ id: 'grant-2' }), code({ hash: 'code-2', grantId: 'grant-2' }))
      await store.sessions.create({ hash: 'cookie-hash', userId: 'user-1', createdAt: NOW, expiresAt: NOW + 59 })
      await store.revokedTokens.remember('jti-1', NOW + 59)
      equal(await store.purge(NOW + 58, 500), 0)
      equal((await store.grants.listLive('user-1', NOW)).length, 2)
      equal((await store.codes.find('code-2'))?.code.consumedAt, null)
    },
  },
  {
    name: 'purge deletes expired sessions and revoked tokens from their very second on',
    async run(store) {
      await store.sessions.create({ hash: 'cookie-hash', userId: 'user-1', createdAt: NOW, expiresAt: NOW + 59 })
      await store.revokedTokens.remember('jti-1', NOW + 59)
      equal(await store.purge(NOW + 59, 500), 2)
      equal(await store.revokedTokens.has('jti-1'), false)
      equal(await store.sessions.find('cookie-hash', NOW), null)
    },
  },
  {
    name: 'purge deletes an unredeemed code after its end, and the grant that came to nothing',
    async run(store) {
      await store.grants.create(grant(), code())
      equal(await store.purge(code().expiresAt, 500), 1)
      equal(await store.codes.find(code().hash), null)
      equal(await store.grants.find('grant-1'), null)
    },
  },
  {
    name: 'purge keeps a redeemed code as long as its grant, and a refresh token until it expires, so that reuse is noticed',
    async run(store) {
      await redeemedGrant(store)
      const successor = refreshToken({ hash: 'token-hash-2', expiresAt: grant().expiresAt - 1 })
      await store.refreshTokens.rotate({ hash: refreshToken().hash, successor, now: NOW })
      equal(await store.purge(refreshToken().expiresAt - 1, 500), 0)
      equal((await store.refreshTokens.find(refreshToken().hash))?.token.consumedAt, NOW)
      equal(await store.purge(refreshToken().expiresAt, 500), 1)
      equal(await store.refreshTokens.find(refreshToken().hash), null)

      equal(await store.purge(grant().expiresAt - 1, 500), 1)
      equal(await store.refreshTokens.find('token-hash-2'), null)
      equal((await store.codes.find(code().hash))?.code.consumedAt, NOW)
      equal(await store.purge(grant().expiresAt, 500), 1)
      equal(await store.grants.find('grant-1'), null)
      equal(await store.codes.find(code().hash), null)
    },
  },
  {
    name: 'purge deletes no more than its limit of each kind, and all of it in the end',
    async run(store) {
      for (const index of [1, 2, 3, 4, 5]) {
        const hash = `hash-${index}`
        const own = { id: `grant-${index}`, grantId: `grant-${index}`, hash, expiresAt: NOW + 90 }
        await store.grants.create(grant(own), code({ hash, grantId: own.id }))
        if (index < 4) await store.codes.redeem(hash, refreshToken(own), NOW)
        await store.sessions.create({ hash, userId: 'user-1', createdAt: NOW, expiresAt: NOW + 59 })
      }
      // Five sessions and the two grants that came to nothing; then three grants and their three refresh tokens.
      const deleted: number[] = []
      for (const now of [NOW + 60, NOW + 60, NOW + 60, NOW + 60, NOW + 90, NOW + 90]) {
        deleted.push(await store.purge(now, 2))
      }
      deepEqual(deleted, [4, 2, 1, 0, 4, 2])
      equal(await store.purge(NOW + 90, 2), 0)
      equal(await store.grants.find('grant-1'), null)
      equal(await store.refreshTokens.find('hash-1'), null)
    },
  },
  {
    name: 'purge by 32 at once deletes each row once',
    async run(store) {
      await together(32, (index) =>
        store.sessions.create({ hash: `${index}`, userId: 'user-1', createdAt: NOW, expiresAt: NOW + 59 }),
      )
      const deleted = await together(32, () => store.purge(NOW + 59, 500))
      equal(
        deleted.reduce((sum, count) => sum + count),
        32,
      )
    },
  },
  {
    name: 'purge keeps consents',
    async run(store) {
      await store.consents.remember(consent())
      equal(await store.purge(NOW + 1_000_000, 500), 0)
      deepEqual(await store.consents.find('user-1', 'client-1', consent().resource), consent())
    },
  },
  {
    name: 'close makes every port say StoreUnavailable',
    async run(store) {
      await store.ping()
      await store.close()
      await rejects(store.ping(), StoreUnavailable)
      await rejects(store.clients.find('client-1'), StoreUnavailable)
      await rejects(store.codes.redeem('code', null, NOW), StoreUnavailable)
      await rejects(store.purge(NOW, 500), StoreUnavailable)
      await store.close()
    },
  },
]
