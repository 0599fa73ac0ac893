/**
 * What the `sharedLimits` port promises.
 *
 * @module
 */
import { deepEqual, equal } from 'node:assert/strict'
import type { OpenStore } from '../open-store.ts'
import type { ConformanceCase } from './conformance-case.ts'
import { NOW, together } from './records.ts'

const MOST = 10

/** What everyone owes, by key, in whole seconds. */
async function owed({ sharedLimits }: OpenStore, now = NOW, most = MOST): Promise<Record<string, number>> {
  const debts = await sharedLimits.exchange([], now, most)
  return Object.fromEntries(debts.map(({ key, seconds }) => [key, Math.round(seconds)]))
}

export const sharedLimitCases: readonly ConformanceCase[] = [
  {
    name: 'sharedLimits.exchange adds up what each key owes, and time takes it away',
    async run(store) {
      deepEqual(await owed(store), {})
      await store.sharedLimits.exchange(
        [
          { key: 'a', seconds: 10 },
          { key: 'b', seconds: 2.5 },
        ],
        NOW,
        MOST,
      )
      await store.sharedLimits.exchange([{ key: 'a', seconds: 10 }], NOW + 5, MOST)
      deepEqual(await owed(store, NOW + 5), { a: 15 })
      deepEqual(await owed(store, NOW + 19), { a: 1 })
      deepEqual(await owed(store, NOW + 20), {})
      // What was forgiven long ago does not count.
      await store.sharedLimits.exchange([{ key: 'a', seconds: 3 }], NOW + 100, MOST)
      deepEqual(await owed(store, NOW + 100), { a: 3 })
    },
  },
  {
    name: 'sharedLimits.exchange by 32 at once, each with the same keys in another order, loses nothing',
    async run(store) {
      const keys = Array.from({ length: 20 }, (_, index) => `key ${index}`)
      await together(32, (caller) => {
        const turned = [...keys.slice(caller % 20), ...keys.slice(0, caller % 20)]
        return store.sharedLimits.exchange(
          turned.map((key) => ({ key, seconds: 0.25 })),
          NOW,
          MOST,
        )
      })
      const debts = await owed(store, NOW, 100)
      deepEqual(debts, Object.fromEntries(keys.map((key) => [key, 8])))
    },
  },
  {
    name: 'sharedLimits.exchange tells of the largest debts, and of those just added even if they are small',
    async run(store) {
      const debts = Array.from({ length: 20 }, (_, index) => ({ key: `key ${index}`, seconds: index + 1 }))
      await store.sharedLimits.exchange(debts, NOW, MOST)
      deepEqual(Object.keys(await owed(store, NOW, 2)).sort(), ['key 18', 'key 19'])
      const told = await store.sharedLimits.exchange([{ key: 'key 0', seconds: 0.5 }], NOW, 1)
      deepEqual(
        new Map(told.map(({ key, seconds }) => [key, seconds])),
        new Map([
          ['key 0', 1.5],
          ['key 19', 20],
        ]),
      )
    },
  },
  {
    name: 'sharedLimits.exchange tells last what each key owed when it had been added to, and of no other key when none is wanted',
    async run({ sharedLimits }) {
      await sharedLimits.exchange([{ key: 'b', seconds: 50 }], NOW, MOST)
      const told = await together(32, () => sharedLimits.exchange([{ key: 'a', seconds: 1 }], NOW, MOST))
      const sums = told.map((debts) => Math.round(debts.findLast(({ key }) => key === 'a')?.seconds ?? 0))
      deepEqual(
        sums.toSorted((one, other) => one - other),
        Array.from({ length: 32 }, (_, index) => index + 1),
      )
      const alone = await sharedLimits.exchange([{ key: 'a', seconds: 1 }], NOW, 0)
      deepEqual(
        alone.map(({ key }) => key),
        ['a'],
      )
      deepEqual(await sharedLimits.exchange([], NOW, 0), [])
    },
  },
  {
    name: 'sharedLimits.exchange takes away what is below zero',
    async run(store) {
      await store.sharedLimits.exchange([{ key: 'a', seconds: 10 }], NOW, MOST)
      await store.sharedLimits.exchange([{ key: 'a', seconds: -4 }], NOW, MOST)
      deepEqual(await owed(store), { a: 6 })
      await store.sharedLimits.exchange([{ key: 'a', seconds: -60 }], NOW, MOST)
      await store.sharedLimits.exchange([{ key: 'a', seconds: 2 }], NOW, MOST)
      deepEqual(await owed(store), { a: 2 })
    },
  },
  {
    name: 'sharedLimits.exchange takes the same key twice, and debts of microseconds',
    async run(store) {
      const one = { key: 'a', seconds: 0.000_06 }
      await store.sharedLimits.exchange([one, { key: 'b', seconds: 1 }, one], NOW, MOST)
      const [a] = (await store.sharedLimits.exchange([], NOW, MOST)).filter(({ key }) => key === 'a')
      equal(Math.abs((a?.seconds ?? 0) - 0.000_12) < 0.000_001, true)
    },
  },
  {
    name: 'sharedLimits are forgotten by purge when they are forgiven',
    async run(store) {
      await store.sharedLimits.exchange(
        [
          { key: 'a', seconds: 10 },
          { key: 'b', seconds: 20 },
        ],
        NOW,
        MOST,
      )
      equal(await store.purge(NOW + 9, 500), 0)
      equal(await store.purge(NOW + 10, 500), 1)
      equal(await store.purge(NOW + 20, 500), 1)
    },
  },
]
