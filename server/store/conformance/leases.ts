/**
 * What the `leases` port promises.
 *
 * @module
 */
import { deepEqual, equal } from 'node:assert/strict'
import type { ConformanceCase } from './conformance-case.ts'
import { NOW, tally, together } from './records.ts'

export const leaseCases: readonly ConformanceCase[] = [
  {
    name: 'leases.acquire lets one of 32 have it, also when it has run out',
    async run({ leases }) {
      const race = (now: number) => together(32, (index) => leases.acquire('purge', `${now} ${index}`, now + 60, now))
      deepEqual(tally(await race(NOW)), { true: 1, false: 31 })
      deepEqual(tally(await race(NOW + 59)), { false: 32 })
      deepEqual(tally(await race(NOW + 60)), { true: 1, false: 31 })
    },
  },
  {
    name: 'leases.acquire renews for its holder, and for nobody else',
    async run({ leases }) {
      equal(await leases.acquire('purge', 'a', NOW + 60, NOW), true)
      equal(await leases.acquire('purge', 'a', NOW + 90, NOW + 30), true)
      equal(await leases.acquire('purge', 'b', NOW + 200, NOW + 89), false)
      equal(await leases.acquire('purge', 'b', NOW + 200, NOW + 90), true)
      equal(await leases.acquire('purge', 'a', NOW + 200, NOW + 91), false)
    },
  },
  {
    name: 'leases.acquire knows leases by their names',
    async run({ leases }) {
      equal(await leases.acquire('purge', 'a', NOW + 60, NOW), true)
      equal(await leases.acquire('keys', 'b', NOW + 60, NOW), true)
    },
  },
  {
    name: "leases.release makes room at once, and leaves someone else's alone",
    async run({ leases }) {
      await leases.acquire('purge', 'a', NOW + 60, NOW)
      await leases.release('purge', 'b')
      equal(await leases.acquire('purge', 'b', NOW + 60, NOW), false)
      await leases.release('purge', 'a')
      equal(await leases.acquire('purge', 'b', NOW + 60, NOW), true)
    },
  },
]
