/**
 * What the `signInAttempts` port promises.
 *
 * @module
 */
import { deepEqual, equal } from 'node:assert/strict'
import type { OpenStore } from '../open-store.ts'
import type { ConformanceCase } from './conformance-case.ts'
import { NOW, tally, together } from './records.ts'

const LIMIT = { attempts: 3, window: 900 }

/** `++-`: the outcomes of so many attempts, one after the other. */
async function take({ signInAttempts }: OpenStore, times: number, now = NOW, key = 'ada'): Promise<string> {
  let outcomes = ''
  for (let time = 0; time < times; time += 1) outcomes += (await signInAttempts.take(key, LIMIT, now)) ? '+' : '-'
  return outcomes
}

export const signInAttemptCases: readonly ConformanceCase[] = [
  {
    name: 'signInAttempts.take lets as many through as the limit says, for each key',
    async run(store) {
      equal(await take(store, 5), '+++--')
      equal(await take(store, 5, NOW, 'bo'), '+++--')
    },
  },
  {
    name: 'signInAttempts.take by 32 at once lets no more through',
    async run({ signInAttempts }) {
      const outcomes = await together(32, () => signInAttempts.take('ada', LIMIT, NOW))
      deepEqual(tally(outcomes), { true: 3, false: 29 })
      // And so it does for a key that is known and whose window is over.
      const later = await together(32, () => signInAttempts.take('ada', LIMIT, NOW + 900))
      deepEqual(tally(later), { true: 3, false: 29 })
    },
  },
  {
    name: 'signInAttempts.take counts together what comes within the window, and starts afresh from its very end on',
    async run(store) {
      equal(await take(store, 3), '+++')
      equal(await take(store, 3, NOW + 900), '+++')
      equal(await take(store, 1, NOW + 1799), '-')
    },
  },
  {
    name: 'signInAttempts.take refuses for the window from the first refusal on, and refusals do not prolong it',
    async run(store) {
      equal(await take(store, 3), '+++')
      equal(await take(store, 1, NOW + 800), '-')
      equal(await take(store, 2, NOW + 1699), '--')
      equal(await take(store, 1, NOW + 1700), '+')
    },
  },
  {
    name: 'signInAttempts.giveBack makes room for one more, but does not end a refusal',
    async run(store) {
      await take(store, 3)
      await store.signInAttempts.giveBack('ada', LIMIT)
      equal(await take(store, 2), '+-')
      await together(3, () => store.signInAttempts.giveBack('ada', LIMIT))
      equal(await take(store, 1), '-')
    },
  },
  {
    name: 'signInAttempts.giveBack never gives more than was taken, and not to a key that is unknown',
    async run(store) {
      await store.signInAttempts.giveBack('ada', LIMIT)
      await take(store, 1)
      await together(5, () => store.signInAttempts.giveBack('ada', LIMIT))
      equal(await take(store, 4), '+++-')
    },
  },
  {
    name: 'signInAttempts.forget lifts the brake of that key only',
    async run(store) {
      await take(store, 4)
      await take(store, 4, NOW, 'bo')
      await store.signInAttempts.forget('ada')
      equal(await take(store, 1), '+')
      equal(await take(store, 1, NOW, 'bo'), '-')
    },
  },
  {
    name: 'signInAttempts take any key, and purge forgets them once their window is over',
    async run(store) {
      for (const key of ['', '\0', "' or 1=1 --", 'x'.repeat(100_000)]) equal(await take(store, 1, NOW, key), '+')
      equal(await store.purge(NOW + 899, 500), 0)
      equal(await store.purge(NOW + 900, 500), 4)
    },
  },
]
