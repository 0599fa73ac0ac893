/**
 * What the store promises about the life of a registration, and about the tokens that permit one.
 *
 * @see docs/adr/0105-the-life-of-a-registration.md
 * @module
 */
import { deepEqual, equal } from 'node:assert/strict'
import type { ConformanceCase } from './conformance-case.ts'
import { client, code, consent, grant, NOW, registrationToken, tally, together } from './records.ts'

const END = NOW + 86_400

export const registrationCases: readonly ConformanceCase[] = [
  {
    name: 'purge deletes a client at its end, and the consents that it had, and no other',
    async run(store) {
      await store.clients.create(client({ expiresAt: END }))
      await store.clients.create(client({ id: 'client-2', expiresAt: END + 1 }))
      await store.clients.create(client({ id: 'client-3', expiresAt: null, origin: 'administrator' }))
      for (const clientId of ['client-1', 'client-2', 'client-3']) await store.consents.remember(consent({ clientId }))
      equal(await store.purge(END - 1, 500), 0)
      equal(await store.purge(END, 500), 1)
      equal(await store.clients.find('client-1'), null)
      equal(await store.consents.find('user-1', 'client-1', consent().resource), null)
      deepEqual(await store.consents.find('user-1', 'client-2', consent().resource), consent({ clientId: 'client-2' }))
      equal(await store.purge(END + 100_000_000, 500), 1)
      deepEqual(
        (await store.clients.list()).map(({ id }) => id),
        ['client-3'],
      )
    },
  },
  {
    name: 'purge deletes no client that has a live grant, and goes on with the others',
    async run(store) {
      for (const id of ['client-1', 'client-2', 'client-3', 'client-4']) {
        await store.clients.create(client({ id, expiresAt: NOW }))
      }
      await store.grants.create(grant({ expiresAt: END }), code({ expiresAt: END }))
      const revoked = { id: 'grant-2', clientId: 'client-2', expiresAt: END }
      await store.grants.create(grant(revoked), code({ hash: 'code-2', grantId: 'grant-2', expiresAt: END }))
      await store.grants.revoke('grant-2', NOW)
      equal(await store.purge(NOW, 2), 2)
      equal(await store.purge(NOW, 2), 1)
      equal(await store.purge(NOW, 2), 0)
      deepEqual(
        (await store.clients.list()).map(({ id }) => id),
        ['client-1'],
      )
      await store.purge(END, 500)
      equal(await store.clients.find('client-1'), null)
    },
  },
  {
    name: 'clients.keep makes an end later, never earlier, and says whether there is such a client',
    async run(store) {
      await store.clients.create(client({ expiresAt: NOW }))
      await store.clients.create(client({ id: 'client-2', expiresAt: null }))
      equal(await store.clients.keep('client-1', NOW + 60), true)
      equal(await store.clients.keep('client-1', NOW + 30), true)
      deepEqual(await store.clients.find('client-1'), client({ expiresAt: NOW + 60 }))
      equal(await store.clients.keep('client-2', NOW + 60), true)
      equal((await store.clients.find('client-2'))?.expiresAt, null)
      equal(await store.clients.keep('client-3', NOW + 60), false)
      await store.purge(NOW + 60, 500)
      equal(await store.clients.keep('client-1', NOW + 90), false)
    },
  },
  {
    name: 'clients.recordUse notes the time and makes the end later, never earlier',
    async run(store) {
      await store.clients.create(client({ expiresAt: END }))
      await store.clients.create(client({ id: 'client-2', expiresAt: null }))
      await store.clients.recordUse('client-1', { at: NOW + 1, expiresAt: END - 1 })
      deepEqual(await store.clients.find('client-1'), client({ lastUsedAt: NOW + 1, expiresAt: END }))
      await store.clients.recordUse('client-1', { at: NOW + 1, expiresAt: END + 1 })
      deepEqual(await store.clients.find('client-1'), client({ lastUsedAt: NOW + 1, expiresAt: END + 1 }))
      await store.clients.recordUse('client-2', { at: NOW + 1, expiresAt: END })
      const { lastUsedAt, expiresAt } = (await store.clients.find('client-2')) ?? {}
      deepEqual([lastUsedAt, expiresAt], [NOW + 1, null])
      await store.clients.recordUse('client-3', { at: NOW + 1, expiresAt: END })
      equal(await store.clients.find('client-3'), null)
    },
  },
  {
    name: 'purge against clients.keep: whoever was told that a client is kept finds it afterwards',
    async run(store) {
      const ids = Array.from({ length: 64 }, (_, index) => `client-${index}`)
      for (const id of ids) await store.clients.create(client({ id, expiresAt: NOW }))
      const purging = together(8, () => store.purge(NOW, 8))
      const kept = await together(64, (index) => store.clients.keep(`client-${index}`, NOW + 60))
      await purging
      const left = new Set((await store.clients.list()).map(({ id }) => id))
      deepEqual(
        ids.map((id) => left.has(id)),
        kept,
      )
      await store.purge(NOW, 500)
      equal((await store.clients.list()).length, left.size)
    },
  },
  {
    name: 'purge against clients.recordUse: a client that was used in time is there afterwards',
    async run(store) {
      for (let index = 0; index < 64; index++) {
        await store.clients.create(client({ id: `client-${index}`, expiresAt: NOW + 60 }))
      }
      // Another process believes that a minute has passed.
      const used = together(64, async (index) => {
        await store.clients.recordUse(`client-${index}`, { at: NOW, expiresAt: END })
        return (await store.clients.find(`client-${index}`)) !== null
      })
      await together(8, () => store.purge(NOW + 60, 8))
      const there = await used
      await store.purge(NOW + 60, 500)
      const left = new Set((await store.clients.list()).map(({ id }) => id))
      deepEqual(
        there.map((_, index) => left.has(`client-${index}`)),
        there,
      )
    },
  },
  {
    name: 'purge by 32 at once deletes each client once',
    async run(store) {
      for (let index = 0; index < 40; index++) {
        await store.clients.create(client({ id: `client-${index}`, expiresAt: NOW }))
      }
      const deleted = await together(32, () => store.purge(NOW, 500))
      equal(
        deleted.reduce((sum, count) => sum + count),
        40,
      )
    },
  },
  {
    name: 'registrationTokens.create refuses a taken name and leaves that token alone',
    async run({ registrationTokens }) {
      const once = registrationToken({ name: 'once', hash: 'hash-2', createdAt: NOW + 1, usesLeft: 1 })
      equal(await registrationTokens.create(registrationToken()), true)
      equal(await registrationTokens.create(once), true)
      equal(await registrationTokens.create(registrationToken({ hash: 'hash-3', usesLeft: 3 })), false)
      deepEqual(await registrationTokens.list(), [registrationToken(), once])
      equal(await registrationTokens.use('hash-3', NOW), null)
    },
  },
  {
    name: 'registrationTokens.use takes one use until there is none, or the token has ended or is removed',
    async run({ registrationTokens }) {
      await registrationTokens.create(registrationToken())
      await registrationTokens.create(registrationToken({ name: 'twice', hash: 'twice-hash', usesLeft: 2 }))
      const use = (hash: string, now: number) => registrationTokens.use(hash, now)
      deepEqual(await Promise.all([1, 2, 3].map(() => use('registration-token-hash', NOW))), Array(3).fill('laptop'))
      deepEqual([await use('twice-hash', NOW), await use('twice-hash', NOW)], ['twice', 'twice'])
      equal(await use('twice-hash', NOW), null)
      equal(await use('registration-token-hash', NOW + 599), 'laptop')
      equal(await use('registration-token-hash', NOW + 600), null)
      for (const other of ['', 'laptop', 'Registration-token-hash', 'registration-token-hash ', '%']) {
        equal(await use(other, NOW), null)
      }
      equal(await registrationTokens.remove('laptop'), true)
      equal(await registrationTokens.remove('laptop'), false)
      equal(await use('registration-token-hash', NOW), null)
      deepEqual(await registrationTokens.list(), [
        registrationToken({ name: 'twice', hash: 'twice-hash', usesLeft: 0 }),
      ])
    },
  },
  {
    name: 'registrationTokens.use lets as many of 32 through as there are uses',
    async run({ registrationTokens }) {
      await registrationTokens.create(registrationToken({ usesLeft: 5 }))
      const used = await together(32, () => registrationTokens.use('registration-token-hash', NOW))
      deepEqual(tally(used.map((name) => name ?? 'refused')), { laptop: 5, refused: 27 })
    },
  },
  {
    name: 'purge deletes a registration token at its end',
    async run(store) {
      await store.registrationTokens.create(registrationToken())
      equal(await store.purge(NOW + 599, 500), 0)
      equal(await store.purge(NOW + 600, 500), 1)
      deepEqual(await store.registrationTokens.list(), [])
    },
  },
]
