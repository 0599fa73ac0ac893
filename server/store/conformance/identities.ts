/**
 * What the `identities` and `pendingSignIns` ports promise, and what it means that a person is disabled.
 *
 * @module
 */
import { deepEqual, equal } from 'node:assert/strict'
import type { AuditEntry } from '../../core/audit.ts'
import type { ConformanceCase } from './conformance-case.ts'
import {
  code,
  grant,
  identity,
  NOW,
  pendingSignIn,
  people,
  redeemedGrant,
  refreshToken,
  session,
  tally,
  together,
  user,
} from './records.ts'

const { issuer, subject } = identity()
const disabled = (): AuditEntry<{ type: 'user_disabled'; userId: string }> => ({
  event: { type: 'user_disabled', userId: 'user-1' },
  at: NOW,
  requestId: null,
})

export const identityCases: readonly ConformanceCase[] = [
  {
    name: 'identities.find gives back what link stored, by issuer and subject together, byte for byte',
    async run(store) {
      const { identities } = store
      await people(store)
      const linked = identity({ sealedRefreshToken: 'sealed', checkAt: NOW + 60 })
      equal(await identities.link(linked), true)
      deepEqual(await identities.find(issuer, subject), linked)
      for (const [otherIssuer, otherSubject] of [
        [`${issuer}/`, subject],
        [issuer.toUpperCase(), subject],
        [issuer, subject.toUpperCase()],
        [issuer, `${subject} `],
        [subject, issuer],
        [issuer, ''],
      ] as const)
        equal(await identities.find(otherIssuer, otherSubject), null)
    },
  },
  {
    name: 'identities.find takes any text',
    async run({ identities }) {
      for (const text of ['', "' or 1=1 --", 'x'.repeat(10_000), '\0', '\ud800'])
        equal(await identities.find(text, text), null)
    },
  },
  {
    name: 'identities.link lets one of 32 people have an identity',
    async run(store) {
      const { identities } = store
      await people(store, 32)
      const linked = await together(32, (index) => identities.link(identity({ userId: `user-${index + 1}` })))
      deepEqual(tally(linked), { true: 1, false: 31 })
      equal((await identities.find(issuer, subject))?.userId, `user-${linked.indexOf(true) + 1}`)
    },
  },
  {
    name: 'identities.admit stores the account and the identity, or neither',
    async run({ identities, users, audit }) {
      const entries = (['user_added', 'password_changed'] as const).map((type) => ({
        event: { type, userId: 'user-1' },
        at: NOW,
        requestId: null,
      }))
      const stored = async () => (await audit.readBack(null, {})).records.map(({ type }) => type).toReversed()
      equal(await identities.admit(user({ passwordHash: null }), identity(), entries), 'admitted')
      deepEqual(await stored(), ['user_added', 'password_changed'])
      deepEqual(await users.find('user-1'), user({ passwordHash: null }))
      deepEqual(await identities.find(issuer, subject), identity())
      const bo = user({ id: 'user-2', username: 'bo' })
      equal(await identities.admit(bo, identity({ userId: 'user-2' }), entries), 'linked')
      equal(await users.find('user-2'), null)
      const other = { subject: 'other', userId: 'user-2' }
      equal(await identities.admit({ ...bo, username: 'ANNA' }, identity(other), entries), 'username_taken')
      equal((await stored()).length, 2)
      equal(await identities.find(issuer, 'other'), null)
    },
  },
  {
    name: 'identities.admit by 32 at once makes one account',
    async run({ identities, users }) {
      const admitted = await together(32, (index) => {
        const id = `user-${index}`
        return identities.admit(user({ id, username: `anna-${index}` }), identity({ userId: id }))
      })
      deepEqual(tally(admitted), { admitted: 1, linked: 31 })
      equal((await users.list()).length, 1)
    },
  },
  {
    name: 'identities.list is of one user, in the order of linking; unlink ends one',
    async run(store) {
      const { identities } = store
      await people(store)
      const second = identity({ issuer: 'https://a.example', linkedAt: NOW + 1 })
      await identities.link(second)
      await identities.link(identity())
      await identities.link(identity({ subject: 'bo', userId: 'user-2' }))
      deepEqual(await identities.list('user-1'), [identity(), second])
      equal(await identities.unlink(issuer, subject), true)
      equal(await identities.unlink(issuer, subject), false)
      deepEqual(await identities.list('user-1'), [second])
      equal((await identities.list('user-2')).length, 1)
    },
  },
  {
    name: 'users.remove takes the identities along, so that nobody inherits them',
    async run(store) {
      const { identities, users } = store
      await people(store)
      await identities.link(identity())
      await identities.link(identity({ subject: 'bo', userId: 'user-2' }))
      await users.remove('user-1', NOW)
      equal(await identities.find(issuer, subject), null)
      equal((await identities.find(issuer, 'bo'))?.userId, 'user-2')
    },
  },
  {
    name: 'users.disable revokes grants and ends sessions, once, and only enable takes it back',
    async run(store) {
      const { users, sessions, grants, identities, audit } = store
      await people(store)
      await identities.link(identity())
      await sessions.create(session())
      await sessions.create(session({ hash: 'his', userId: 'user-2' }))
      await grants.create(grant(), code())
      await grants.create(grant({ id: 'grant-2', userId: 'user-2' }), code({ hash: 'code-2', grantId: 'grant-2' }))
      equal(await users.disable('user-1', NOW, disabled()), true)
      equal(await users.disable('user-1', NOW + 5, disabled()), false)
      equal(await users.disable('nobody', NOW, disabled()), false)
      equal((await users.find('user-1'))?.disabledAt, NOW)
      equal(await sessions.find('cookie-hash', NOW), null)
      equal((await grants.find('grant-1'))?.revokedAt, NOW)
      equal((await grants.find('grant-2'))?.revokedAt, null)
      equal((await sessions.find('his', NOW))?.userId, 'user-2')
      equal((await audit.readBack(null, { type: 'user_disabled' })).records.length, 1)
      deepEqual(await identities.find(issuer, subject), identity())
      equal(await users.enable('user-1'), true)
      equal(await users.enable('user-1'), false)
      equal((await users.find('user-1'))?.disabledAt, null)
      equal((await grants.find('grant-1'))?.revokedAt, NOW)
    },
  },
  {
    name: 'users.disable ends codes and refresh tokens',
    async run(store) {
      await store.users.create(user())
      await redeemedGrant(store)
      await store.grants.create(grant({ id: 'grant-2' }), code({ hash: 'code-2', grantId: 'grant-2' }))
      await store.users.disable('user-1', NOW)
      const successor = refreshToken({ hash: 'token-hash-2' })
      equal(await store.refreshTokens.rotate({ hash: refreshToken().hash, successor, now: NOW }), 'dead')
      equal(await store.codes.redeem('code-2', null, NOW), 'dead')
    },
  },
  {
    name: 'sessions.find gives back the session at an identity provider, and removeUpstream ends it by sid',
    async run(store) {
      const { sessions } = store
      await people(store)
      const upstream = { issuer, subject, sid: 'sid-1', sealedIdToken: 'sealed' }
      await sessions.create(session({ upstream }))
      await sessions.create(session({ hash: 'other-browser', upstream: { ...upstream, sid: 'sid-2' } }))
      await sessions.create(
        session({ hash: 'other-person', userId: 'user-2', upstream: { ...upstream, subject: 'bo' } }),
      )
      await sessions.create(session({ hash: 'elsewhere', upstream: { ...upstream, issuer: 'https://a.example' } }))
      await sessions.create(session({ hash: 'local' }))
      deepEqual(await sessions.find('cookie-hash', NOW), session({ upstream }))
      deepEqual(await sessions.find('local', NOW), session({ hash: 'local' }))
      deepEqual(await sessions.removeUpstream({ issuer, sid: 'sid-1', subject }), ['user-1'])
      equal(await sessions.find('cookie-hash', NOW), null)
      for (const hash of ['other-browser', 'other-person', 'elsewhere', 'local'])
        equal((await sessions.find(hash, NOW))?.hash, hash)
      deepEqual(await sessions.removeUpstream({ issuer, sid: 'sid-1' }), ['user-2'])
      deepEqual(await sessions.removeUpstream({ issuer, subject }), ['user-1'])
      deepEqual(await sessions.removeUpstream({ issuer, subject }), [])
      for (const hash of ['elsewhere', 'local']) equal((await sessions.find(hash, NOW))?.hash, hash)
    },
  },
  {
    name: 'sessions.removeUpstream ends, beside the one of a sid, those of the person of which no sid is known',
    async run(store) {
      const { sessions } = store
      await people(store)
      const upstream = { issuer, subject, sid: null, sealedIdToken: 'sealed' }
      await sessions.create(session({ upstream }))
      await sessions.create(session({ hash: 'other-browser', upstream: { ...upstream, sid: 'sid-2' } }))
      await sessions.create(
        session({ hash: 'other-person', userId: 'user-2', upstream: { ...upstream, subject: 'bo' } }),
      )
      deepEqual(await sessions.removeUpstream({ issuer, sid: 'sid-1' }), [])
      deepEqual(await sessions.removeUpstream({ issuer, sid: 'sid-1', subject }), ['user-1'])
      equal(await sessions.find('cookie-hash', NOW), null)
      for (const hash of ['other-browser', 'other-person']) equal((await sessions.find(hash, NOW))?.hash, hash)
    },
  },
  {
    name: 'pendingSignIns.take gives it to one of 32, in the browser that began it, until it expires',
    async run({ pendingSignIns }) {
      await pendingSignIns.create(pendingSignIn())
      equal(await pendingSignIns.take('state-hash', 'other-cookie', NOW), null)
      equal(await pendingSignIns.take('other-state', 'cookie-hash', NOW), null)
      equal(await pendingSignIns.take('state-hash', 'cookie-hash', NOW + 600), null)
      deepEqual(await pendingSignIns.find('state-hash', NOW), pendingSignIn())
      equal(await pendingSignIns.find('state-hash', NOW + 600), null)
      const taken = await together(32, () => pendingSignIns.take('state-hash', 'cookie-hash', NOW + 599))
      deepEqual(
        taken.filter((one) => one !== null),
        [pendingSignIn()],
      )
      equal(await pendingSignIns.find('state-hash', NOW), null)
    },
  },
  {
    name: 'purge forgets sign-ins that were never finished',
    async run({ pendingSignIns, purge }) {
      await pendingSignIns.create(pendingSignIn({ request: null }))
      equal(await purge(NOW + 599, 10), 0)
      deepEqual(await pendingSignIns.find('state-hash', NOW), pendingSignIn({ request: null }))
      equal(await purge(NOW + 600, 10), 1)
    },
  },
]
