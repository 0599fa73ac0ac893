/**
 * What the `proofs` port promises.
 *
 * @module
 */
import { deepEqual, equal } from 'node:assert/strict'
import type { ConformanceCase } from './conformance-case.ts'
import { NOW, tally, together } from './records.ts'

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
    name: 'proofs.remember by 32 at once lets one through',
    async run({ proofs }) {
      deepEqual(tally(await together(32, () => proofs.remember('a', NOW + 60))), { true: 1, false: 31 })
    },
  },
  {
    name: 'proofs take any key, and purge forgets them once they have expired, a few at a time',
    async run(store) {
      for (const key of ['', '\0', "' or 1=1 --", '\ud800', 'x'.repeat(100_000)]) {
        equal(await store.proofs.remember(key, NOW + 60), true)
        equal(await store.proofs.remember(key, NOW + 61), true)
      }
      equal(await store.purge(NOW + 59, 500), 0)
      equal(await store.purge(NOW + 60, 2), 2)
      equal(await store.purge(NOW + 60, 500), 3)
      equal(await store.purge(NOW + 60, 500), 0)
      equal(await store.purge(NOW + 61, 500), 5)
    },
  },
]
