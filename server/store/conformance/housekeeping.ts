/**
 * What `signingKeys`, `ping`, `purge` and `close` promise.
 *
 * @module
 */
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { StoreUnavailable } from '../../core/ports.ts'
import type { SigningKey } from '../signing-keys.ts'
import type { ConformanceCase } from './conformance-case.ts'
import { code, consent, grant, NOW, redeemedGrant, refreshToken, tally, together } from './records.ts'

const key = (changes: Partial<SigningKey> = {}): SigningKey => ({
  generation: 1,
  kid: 'kid-1',
  algorithm: 'ES256',
  sealedJwk: 'sealed',
  createdAt: NOW,
  ...changes,
})

export const housekeepingCases: readonly ConformanceCase[] = [
  {
    name: 'signingKeys.add lets one of 32 make a generation, and list tells them oldest first',
    async run({ signingKeys }) {
      await signingKeys.add(key({ generation: 2, kid: 'kid-2' }))
      const added = await together(32, (index) => signingKeys.add(key({ kid: `kid-of-${index}` })))
      deepEqual(tally(added), { true: 1, false: 31 })
      const stored = await signingKeys.list()
      deepEqual(stored, [key({ kid: `kid-of-${added.indexOf(true)}` }), key({ generation: 2, kid: 'kid-2' })])
    },
  },
  {
    name: 'purge keeps what still counts',
    async run(store) {
      await redeemedGrant(store)
      await store.grants.create(grant({ id: 'grant-2' }), code({ hash: 'code-2', grantId: 'grant-2' }))
      await store.sessions.create({ hash: 'cookie-hash', userId: 'user-1', createdAt: NOW, expiresAt: NOW + 59 })
      await store.revokedTokens.remember('jti-1', NOW + 59)
      equal(await store.purge(NOW + 58), 0)
      equal((await store.grants.listLive('user-1', NOW)).length, 2)
      equal((await store.codes.find('code-2'))?.consumedAt, null)
    },
  },
  {
    name: 'purge deletes expired sessions and revoked tokens from their very second on',
    async run(store) {
      await store.sessions.create({ hash: 'cookie-hash', userId: 'user-1', createdAt: NOW, expiresAt: NOW + 59 })
      await store.revokedTokens.remember('jti-1', NOW + 59)
      equal(await store.purge(NOW + 59), 2)
      equal(await store.revokedTokens.has('jti-1'), false)
      equal(await store.sessions.find('cookie-hash', NOW), null)
    },
  },
  {
    name: 'purge deletes an unredeemed code after its end, and the grant that came to nothing',
    async run(store) {
      await store.grants.create(grant(), code())
      equal(await store.purge(code().expiresAt), 1)
      equal(await store.codes.find(code().hash), null)
      equal(await store.grants.find('grant-1'), null)
    },
  },
  {
    name: 'purge keeps a redeemed code and a consumed refresh token as long as their grant, so that reuse is noticed',
    async run(store) {
      await redeemedGrant(store)
      const successor = refreshToken({ hash: 'token-hash-2' })
      await store.refreshTokens.rotate({ hash: refreshToken().hash, successor, sealedAnswer: null, now: NOW })
      equal(await store.purge(grant().expiresAt - 1), 0)
      equal((await store.codes.find(code().hash))?.consumedAt, NOW)
      equal((await store.refreshTokens.find(refreshToken().hash))?.consumedAt, NOW)

      equal(await store.purge(grant().expiresAt), 1)
      equal(await store.codes.find(code().hash), null)
      equal(await store.refreshTokens.find(refreshToken().hash), null)
      equal(await store.refreshTokens.find('token-hash-2'), null)
    },
  },
  {
    name: 'purge keeps consents',
    async run(store) {
      await store.consents.remember(consent())
      equal(await store.purge(NOW + 1_000_000), 0)
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
      await rejects(store.purge(NOW), StoreUnavailable)
      await store.close()
    },
  },
]
