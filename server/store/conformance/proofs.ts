/**
 * What the `proofs` port promises, and what codes and refresh tokens promise of the proofs that come with them.
 *
 * @module
 */
import { deepEqual, equal, rejects } from 'node:assert/strict'
import type { OpenStore } from '../open-store.ts'
import type { ConformanceCase } from './conformance-case.ts'
import { code, grant, NOW, redeemedGrant, refreshToken, tally, together } from './records.ts'

/** Ends of proofs whose times are the first and the last that one process may take within ten minutes, around every hour and half hour. */
const ENDS = Array.from({ length: 24 }, (_, index) => NOW + 75 * index)
const FARTHEST = 600
/** After this long of an end nothing has to be left of it. */
const LATEST = 1800

const proof = { key: 'proof', expiresAt: NOW + 60 }
const successor = refreshToken({ hash: 'token-hash-2' })
const rotation = { hash: refreshToken().hash, successor, now: NOW + 1 }

export const proofCases: readonly ConformanceCase[] = [
  {
    name: 'proofs.remember says who was first, for each key',
    async run({ proofs }) {
      equal(await proofs.remember('a', NOW + 60), true)
      equal(await proofs.remember('a', NOW + 60), false)
      equal(await proofs.remember('b', NOW + 60), true)
      equal(await proofs.remember('c', NOW + 59), true)
    },
  },
  {
    name: 'proofs.remember knows a key by whatever end within ten minutes, before and after',
    async run({ proofs }) {
      for (const end of ENDS) {
        equal(await proofs.remember(`key-${end}`, end), true)
        for (const other of [1, 300, 301, FARTHEST]) {
          equal(await proofs.remember(`key-${end}`, end + other), false, `${other} seconds later than ${end}`)
          equal(await proofs.remember(`key-${end}`, end - other), false, `${other} seconds earlier than ${end}`)
        }
      }
    },
  },
  {
    name: 'proofs.remember by 32 at once lets one through',
    async run({ proofs }) {
      deepEqual(tally(await together(32, () => proofs.remember('a', NOW + 60))), { true: 1, false: 31 })
    },
  },
  {
    name: 'proofs take any key, and purge forgets them some time after their end, a few at a time',
    async run(store) {
      for (const key of ['', '\0', "' or 1=1 --", '\ud800', 'x'.repeat(100_000)]) {
        equal(await store.proofs.remember(key, NOW + 60), true)
        equal(await store.proofs.remember(`${key}2`, NOW + 61), true)
      }
      equal(await store.purge(NOW + 59, 500), 0)
      equal(await store.proofs.remember('', NOW + 60), false)
      equal(await store.purge(NOW + LATEST, 3), 3)
      equal(await store.purge(NOW + LATEST, 500), 7)
      equal(await store.purge(NOW + LATEST, 500), 0)
    },
  },
  {
    name: 'proofs are forgotten by nobody before their end, whatever it is',
    async run(store) {
      for (const end of ENDS) {
        const key = `key-${end}`
        equal(await store.proofs.remember(key, end), true)
        await store.purge(end - 1, 500)
        equal(await store.proofs.remember(key, end), false)
      }
    },
  },
  {
    name: 'codes.redeem uses up the proof with the code, and does nothing for one that was used before',
    async run(store) {
      await store.grants.create(grant(), code())
      equal(await store.proofs.remember('used', NOW + 60), true)
      const used = { key: 'used', expiresAt: NOW + 61 }
      equal(await store.codes.redeem(code().hash, refreshToken(), NOW, used), 'replayed')
      equal((await store.codes.find(code().hash))?.code.consumedAt, null)
      equal(await store.refreshTokens.find(refreshToken().hash), null)
      equal(await store.codes.redeem(code().hash, refreshToken(), NOW, proof), 'redeemed')
      equal(await store.proofs.remember(proof.key, proof.expiresAt), false)
    },
  },
  {
    name: 'refreshTokens.rotate uses up the proof with the token, and does nothing for one that was used before',
    async run(store) {
      await redeemedGrant(store)
      equal(await store.proofs.remember('used', NOW + 60), true)
      equal(await store.refreshTokens.rotate(rotation, { key: 'used', expiresAt: NOW + 61 }), 'replayed')
      equal((await store.refreshTokens.find(rotation.hash))?.token.consumedAt, null)
      equal(await store.refreshTokens.find(successor.hash), null)
      equal(await store.refreshTokens.rotate(rotation, proof), 'rotated')
      equal(await store.proofs.remember(proof.key, proof.expiresAt), false)
    },
  },
  {
    name: 'a proof is used up by what could not be consumed, too',
    async run(store) {
      await redeemedGrant(store)
      equal(await store.codes.redeem(code().hash, null, NOW, proof), 'consumed')
      equal(await isUsed(store, proof.key), true)
      equal(await store.codes.redeem('unknown', null, NOW, { ...proof, key: 'other' }), 'dead')
      equal(await isUsed(store, 'other'), true)
      equal(await store.refreshTokens.rotate({ ...rotation, hash: 'x' }, { ...proof, key: 'third' }), 'dead')
      equal(await isUsed(store, 'third'), true)
    },
  },
  {
    name: 'a proof whose code or token could not be exchanged for trouble is not used up',
    async run(store) {
      await redeemedGrant(store)
      await store.grants.create(grant({ id: 'grant-2' }), code({ hash: 'code-2', grantId: 'grant-2' }))
      // Its successor is there already.
      await rejects(store.codes.redeem('code-2', refreshToken(), NOW, proof))
      await rejects(store.refreshTokens.rotate({ ...rotation, successor: refreshToken() }, proof))
      equal(await isUsed(store, proof.key), false)
    },
  },
  {
    name: 'one proof, shown with 32 codes at once, redeems one of them',
    async run(store) {
      await together(32, (index) =>
        store.grants.create(
          grant({ id: `grant-${index}` }),
          code({ hash: `code-${index}`, grantId: `grant-${index}` }),
        ),
      )
      const outcomes = await together(32, (index) => store.codes.redeem(`code-${index}`, null, NOW, proof))
      deepEqual(tally(outcomes), { redeemed: 1, replayed: 31 })
      const consumed = await together(
        32,
        async (index) => (await store.codes.find(`code-${index}`))?.code.consumedAt === NOW,
      )
      deepEqual(
        consumed,
        outcomes.map((outcome) => outcome === 'redeemed'),
      )
    },
  },
  {
    name: 'one refresh token, shown with 32 proofs at once, is rotated once',
    async run(store) {
      await redeemedGrant(store)
      const outcomes = await together(32, (index) =>
        store.refreshTokens.rotate(
          { ...rotation, successor: { ...successor, hash: `successor-${index}` } },
          { ...proof, key: `proof-${index}` },
        ),
      )
      deepEqual(tally(outcomes), { rotated: 1, consumed: 31 })
      const used = await together(32, (index) => isUsed(store, `proof-${index}`))
      deepEqual(used, Array(32).fill(true))
    },
  },
]

/** Uses it up, if it is not. */
const isUsed = async ({ proofs }: OpenStore, key: string): Promise<boolean> =>
  !(await proofs.remember(key, proof.expiresAt))
