/**
 * What the `users`, `sessions` and `consents` ports promise.
 *
 * @module
 */
import { deepEqual, equal } from 'node:assert/strict'
import type { ConformanceCase } from './conformance-case.ts'
import { code, consent, grant, NOW, people, tally, together, user } from './records.ts'

export const peopleCases: readonly ConformanceCase[] = [
  {
    name: 'users.find and findByUsername give back what create stored',
    async run({ users }) {
      const plain = user({ id: 'user-2', username: 'bo', displayName: null, createdAt: NOW + 1 })
      equal(await users.create(user()), true)
      equal(await users.create(plain), true)
      deepEqual(await users.find('user-1'), user())
      deepEqual(await users.findByUsername('bo'), plain)
      deepEqual(await users.list(), [user(), plain])
      equal(await users.find('user-3'), null)
      equal(await users.findByUsername('nobody'), null)
    },
  },
  {
    name: 'users.findByUsername does not regard case, beyond ASCII too',
    async run({ users }) {
      await users.create(user({ username: 'Åsa' }))
      for (const name of ['Åsa', 'åsa', 'ÅSA', 'A\u030asa']) equal((await users.findByUsername(name))?.username, 'Åsa')
      equal(await users.findByUsername('Asa'), null)
    },
  },
  {
    name: 'users.create refuses a taken name in any case, and a taken id',
    async run({ users }) {
      await users.create(user())
      equal(await users.create(user({ id: 'user-2', username: 'ANNA' })), false)
      equal(await users.create(user({ username: 'Bo' })), false)
      deepEqual(await users.list(), [user()])
    },
  },
  {
    name: 'users.create lets one of 32 have a name',
    async run({ users }) {
      const created = await together(32, (index) => users.create(user({ id: `user-${index}` })))
      deepEqual(tally(created), { true: 1, false: 31 })
      equal((await users.findByUsername('anna'))?.id, `user-${created.indexOf(true)}`)
    },
  },
  {
    name: 'users.setPassword changes the password of that user only',
    async run({ users }) {
      await users.create(user())
      await users.create(user({ id: 'user-2', username: 'bo' }))
      equal(await users.setPassword('user-1', 'other'), true)
      equal((await users.find('user-1'))?.passwordHash, 'other')
      equal((await users.find('user-2'))?.passwordHash, user().passwordHash)
      equal(await users.setPassword('user-3', 'other'), false)
    },
  },
  {
    name: 'users.setPassword ends the sessions of that user only',
    async run(store) {
      const { users, sessions } = store
      await people(store)
      const session = { hash: 'hers', userId: 'user-1', createdAt: NOW, expiresAt: NOW + 60 }
      await sessions.create(session)
      await sessions.create({ ...session, hash: 'his', userId: 'user-2' })
      await users.setPassword('user-1', 'other')
      equal(await sessions.find('hers', NOW), null)
      equal((await sessions.find('his', NOW))?.userId, 'user-2')
    },
  },
  {
    name: 'users.remove takes grants, sessions and consents along, and nobody else’s',
    async run(store) {
      const { users, sessions, consents, grants } = store
      await people(store)
      const session = { hash: 'hers', userId: 'user-1', createdAt: NOW, expiresAt: NOW + 60 }
      await sessions.create(session)
      await sessions.create({ ...session, hash: 'his', userId: 'user-2' })
      await consents.remember(consent())
      await consents.remember(consent({ userId: 'user-2' }))
      await grants.create(grant(), code())
      await grants.create(grant({ id: 'grant-2', userId: 'user-2' }), code({ hash: 'code-2', grantId: 'grant-2' }))
      equal(await users.remove('user-1', NOW), true)
      equal(await users.find('user-1'), null)
      equal(await sessions.find('hers', NOW), null)
      equal(await consents.find('user-1', 'client-1', consent().resource), null)
      equal((await grants.find('grant-1'))?.revokedAt, NOW)
      equal((await sessions.find('his', NOW))?.userId, 'user-2')
      deepEqual(await consents.find('user-2', 'client-1', consent().resource), consent({ userId: 'user-2' }))
      equal((await grants.find('grant-2'))?.revokedAt, null)
      equal(await users.remove('user-1', NOW), false)
    },
  },
  {
    name: 'users.findByUsername takes any text, also one that no user can have',
    async run({ users }) {
      for (const name of ['', '\0', "' or 1=1 --", '\ud800', 'x'.repeat(100_000)]) {
        equal(await users.findByUsername(name), null)
      }
    },
  },
  {
    name: 'sessions.find knows a session until it expires or is removed',
    async run({ sessions, users }) {
      await users.create(user())
      const session = { hash: 'cookie-hash', userId: 'user-1', createdAt: NOW, expiresAt: NOW + 100 }
      await sessions.create(session)
      deepEqual(await sessions.find('cookie-hash', NOW + 99), session)
      equal(await sessions.find('cookie-hash', NOW + 100), null)
      equal(await sessions.find('other-hash', NOW), null)
      await sessions.remove('other-hash')
      deepEqual(await sessions.find('cookie-hash', NOW), session)
      await sessions.remove('cookie-hash')
      equal(await sessions.find('cookie-hash', NOW), null)
    },
  },
  {
    name: 'consents.remember adds the scopes to those of before',
    async run(store) {
      const { consents } = store
      await people(store)
      await consents.remember(consent({ scopes: ['notes:read', 'notes:admin'] }))
      await consents.remember(consent({ scopes: ['notes:write', 'notes:read'], grantedAt: NOW + 5 }))
      const remembered = await consents.find('user-1', 'client-1', consent().resource)
      deepEqual(remembered?.scopes.toSorted(), ['notes:admin', 'notes:read', 'notes:write'])
      equal(remembered?.grantedAt, NOW + 5)
    },
  },
  {
    name: 'consents.remember by 32 at once loses no scope',
    async run(store) {
      const { consents } = store
      await people(store)
      await together(32, (index) => consents.remember(consent({ scopes: [`scope:${index}`] })))
      const remembered = await consents.find('user-1', 'client-1', consent().resource)
      const all = Array.from({ length: 32 }, (_, index) => `scope:${index}`)
      deepEqual(remembered?.scopes.toSorted(), all.toSorted())
    },
  },
  {
    name: 'consents are kept apart by user, client and resource',
    async run(store) {
      const { consents } = store
      await people(store)
      await consents.remember(consent({ scopes: [] }))
      deepEqual(await consents.find('user-1', 'client-1', consent().resource), consent({ scopes: [] }))
      equal(await consents.find('user-2', 'client-1', consent().resource), null)
      equal(await consents.find('user-1', 'client-2', consent().resource), null)
      equal(await consents.find('user-1', 'client-1', `${consent().resource}/`), null)
    },
  },
  {
    name: 'consents.forget forgets that consent only',
    async run(store) {
      const { consents } = store
      await people(store)
      await consents.remember(consent())
      await consents.remember(consent({ userId: 'user-2' }))
      await consents.forget('user-1', 'client-1', consent().resource)
      equal(await consents.find('user-1', 'client-1', consent().resource), null)
      deepEqual(await consents.find('user-2', 'client-1', consent().resource), consent({ userId: 'user-2' }))
    },
  },
]
