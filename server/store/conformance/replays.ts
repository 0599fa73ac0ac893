/**
 * What the `replays` port promises.
 *
 * @module
 */
import { deepEqual, equal } from 'node:assert/strict'
import type { ConformanceCase } from './conformance-case.ts'
import { NOW, tally, together } from './records.ts'

export const replayCases: readonly ConformanceCase[] = [
  {
    name: 'replays.remember says who was first, for each key',
    async run({ replays }) {
      equal(await replays.remember('a', NOW + 60, NOW), true)
      equal(await replays.remember('a', NOW + 60, NOW), false)
      equal(await replays.remember('a', NOW + 900, NOW + 59), false)
      equal(await replays.remember('b', NOW + 60, NOW), true)
    },
  },
  {
    name: 'replays.remember by 32 at once lets one through',
    async run({ replays }) {
      deepEqual(tally(await together(32, () => replays.remember('a', NOW + 60, NOW))), { true: 1, false: 31 })
      // And so it does for one that has expired and is still there.
      deepEqual(tally(await together(32, () => replays.remember('a', NOW + 120, NOW + 60))), { true: 1, false: 31 })
    },
  },
  {
    name: 'replays take any key, and purge forgets them once they have expired',
    async run(store) {
      for (const key of ['', '\0', "' or 1=1 --", '\ud800', 'x'.repeat(100_000)]) {
        equal(await store.replays.remember(key, NOW + 60, NOW), true)
      }
      equal(await store.purge(NOW + 59, 500), 0)
      equal(await store.purge(NOW + 60, 500), 5)
    },
  },
]
