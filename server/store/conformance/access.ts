/**
 * What rests on a person, or on their session, ends with it, also where both happen at once: whoever ends it first wins.
 *
 * @module
 */
import { deepEqual, equal } from 'node:assert/strict'
import type { AuditEntry } from '../../core/audit.ts'
import type { OpenStore } from '../open-store.ts'
import type { ConformanceCase } from './conformance-case.ts'
import { code, consent, grant, identity, NOW, people, session, tally, together, user } from './records.ts'

const { issuer, subject } = identity()
const entry: AuditEntry<{ type: 'sign_in'; userId: string }> = {
  event: { type: 'sign_in', userId: 'user-1' },
  at: NOW,
  requestId: null,
}

/** Whatever ends the session of `user-1`; those that end what was granted, too. */
const ends: readonly { readonly name: string; readonly grants: boolean; end(store: OpenStore): Promise<unknown> }[] = [
  { name: 'users.remove', grants: true, end: ({ users }) => users.remove('user-1', NOW) },
  { name: 'users.disable', grants: true, end: ({ users }) => users.disable('user-1', NOW) },
  { name: 'users.setPassword', grants: false, end: ({ users }) => users.setPassword('user-1', 'other') },
  { name: 'sessions.remove', grants: false, end: ({ sessions }) => sessions.remove('cookie-hash') },
  { name: 'identities.lose', grants: true, end: ({ identities }) => identities.lose(identity(), NOW) },
]

/** Who is signed in, and is somebody at a provider. */
async function signedIn(store: OpenStore): Promise<void> {
  await people(store)
  await store.identities.link(identity())
  await store.sessions.create(session())
}

const create = ({ grants }: OpenStore, index: number, hash: string | null): Promise<boolean> =>
  grants.create(grant({ id: `grant-${index}` }), code({ hash: `code-${index}`, grantId: `grant-${index}` }), hash)

const redeem = ({ grants }: OpenStore, index: number): Promise<boolean> =>
  grants
    .redeem(grant({ id: `grant-${index}` }), { assertion: null, proof: null }, NOW)
    .then((outcome) => outcome === 'redeemed')

/** On an engine with many connections each time another order. */
const ROUNDS = 4

export const accessCases: readonly ConformanceCase[] = [
  {
    name: 'grants.create stores grant, code and entry for whoever is signed in, and nothing with another session',
    async run(store) {
      const { grants, codes, audit } = store
      await signedIn(store)
      equal(await grants.create(grant({ userId: 'user-2' }), code(), 'cookie-hash', entry), false)
      equal(await grants.create(grant(), code(), 'other-hash', entry), false)
      equal(await grants.find('grant-1'), null)
      equal(await codes.find(code().hash), null)
      equal((await audit.readBack(null, {})).records.length, 0)
      equal(await grants.create(grant(), code(), 'cookie-hash', entry), true)
      deepEqual(await codes.find(code().hash), { code: code(), grant: grant() })
      equal((await audit.readBack(null, {})).records.length, 1)
    },
  },
  ...ends.map(
    ({ name, end }): ConformanceCase => ({
      name: `${name} ends a session, and grants.create stores nothing with it any more`,
      async run(store) {
        await signedIn(store)
        await end(store)
        equal(await store.grants.create(grant(), code(), 'cookie-hash', entry), false)
        equal(await store.grants.find('grant-1'), null)
        equal(await store.codes.find(code().hash), null)
        equal((await store.audit.readBack(null, {})).records.length, 0)
      },
    }),
  ),
  ...ends.map(
    ({ name, grants, end }): ConformanceCase => ({
      name: `${name} and 31 grants with that session at once${grants ? ' leave no live grant' : ': one that came too late is not there'}`,
      async run(store) {
        for (let round = 0; round < ROUNDS; round += 1) {
          await signedIn(store)
          const made = await together(32, async (index) => {
            if (index !== 16) return create(store, 32 * round + index, 'cookie-hash')
            await end(store)
            // Nothing that is begun from here on is stored.
            return (await create(store, 32 * round + index, 'cookie-hash')) ? 'too late' : 'ended'
          })
          equal(made[16], 'ended')
          const live = (await store.grants.listLive('user-1', NOW)).map(({ id }) => id)
          for (const [index, stored] of made.entries()) {
            const id = `grant-${32 * round + index}`
            equal((await store.grants.find(id)) !== null, stored === true)
            if (stored === true) equal(live.includes(id), !grants)
          }
          await store.users.remove('user-1', NOW)
        }
      },
    }),
  ),
  ...(['remove', 'disable'] as const).map(
    (verb): ConformanceCase => ({
      name: `users.${verb}: nothing is stored for that person, and nobody else is hindered`,
      async run(store) {
        const { users, grants, sessions, identities, audit } = store
        await signedIn(store)
        await users[verb]('user-1', NOW)
        equal(await grants.create(grant(), code(), null, entry), false)
        equal(await grants.redeem(grant(), { assertion: null, proof: null }, NOW, entry), 'disabled')
        equal(await sessions.create(session(), null, entry), false)
        equal(await grants.find('grant-1'), null)
        equal(await sessions.find('cookie-hash', NOW), null)
        equal((await audit.readBack(null, {})).records.length, 0)
        equal(await grants.create(grant({ userId: 'user-2' }), code()), true)
        equal(await sessions.create(session({ userId: 'user-2' })), true)
        // Whoever is disabled is somebody still.
        equal(await identities.link(identity({ subject: 'other' })), verb === 'disable')
      },
    }),
  ),
  ...(['remove', 'disable'] as const).map(
    (verb): ConformanceCase => ({
      name: `users.${verb} and 31 grants and sessions at once leave no live grant and no session`,
      async run(store) {
        for (let round = 0; round < ROUNDS; round += 1) {
          await people(store)
          const hash = (index: number): string => `cookie-${32 * round + index}`
          await together(32, (index) => {
            if (index === 16) return store.users[verb]('user-1', NOW)
            if (index % 3 === 0) return create(store, 32 * round + index, null)
            if (index % 3 === 1) return redeem(store, 32 * round + index)
            return store.sessions.create(session({ hash: hash(index) }))
          })
          deepEqual(await store.grants.listLive('user-1', NOW), [])
          const left = await together(32, (index) => store.sessions.find(hash(index), NOW))
          deepEqual(
            left.filter((one) => one !== null),
            [],
          )
          await store.users.remove('user-1', NOW)
        }
      },
    }),
  ),
  {
    name: 'grants.create and sessions.create store nothing for nobody',
    async run({ grants, sessions }) {
      equal(await grants.create(grant(), code()), false)
      equal(await grants.redeem(grant(), { assertion: null, proof: null }, NOW), 'disabled')
      equal(await sessions.create(session()), false)
      equal(await grants.find('grant-1'), null)
      equal(await sessions.find('cookie-hash', NOW), null)
    },
  },
  {
    name: 'sessions.create stores nothing once the password is another one, unless none was asked for',
    async run({ users, sessions }) {
      await users.create(user())
      equal(await sessions.create(session(), user().passwordHash), true)
      await users.setPassword('user-1', 'other')
      equal(await sessions.create(session({ hash: 'late' }), user().passwordHash), false)
      equal(await sessions.find('late', NOW), null)
      equal(await sessions.create(session({ hash: 'new' }), 'other'), true)
      equal(await sessions.create(session({ hash: 'elsewhere' }), null), true)
    },
  },
  {
    name: 'users.setPassword and 31 sessions by the old one at once leave no session',
    async run(store) {
      const { users, sessions } = store
      await people(store)
      await together(32, (index) =>
        index === 16
          ? users.setPassword('user-1', 'other')
          : sessions.create(session({ hash: `cookie-${index}` }), user().passwordHash),
      )
      const left = await together(32, (index) => sessions.find(`cookie-${index}`, NOW))
      deepEqual(
        left.filter((one) => one !== null),
        [],
      )
    },
  },
  {
    name: 'users.remove and 31 links and consents at once leave nothing of that person',
    async run(store) {
      const { users, identities, consents } = store
      for (let round = 0; round < ROUNDS; round += 1) {
        await people(store)
        const linked = await together(32, (index) => {
          if (index === 16) return users.remove('user-1', NOW)
          if (index % 2 === 0) return identities.link(identity({ subject: `${subject}-${32 * round + index}` }))
          return consents.remember(consent({ clientId: `client-${index}` }))
        })
        equal(tally(linked)['true'] !== 0, true)
        deepEqual(await identities.list('user-1'), [])
        const left = await together(32, (index) => consents.find('user-1', `client-${index}`, consent().resource))
        deepEqual(
          left.filter((one) => one !== null),
          [],
        )
      }
      equal(await identities.find(issuer, subject), null)
    },
  },
]
