/**
 * What `grants.redeem` promises: a grant that rests on an assertion.
 *
 * @module
 */
import { deepEqual, equal } from 'node:assert/strict'
import type { ConformanceCase } from './conformance-case.ts'
import { grant, NOW, tally, together, user } from './records.ts'

const assertion = (key: string) => ({ key, expiresAt: NOW + 60 })
const proof = (key: string) => ({ key, expiresAt: NOW + 60 })
const nothing = { assertion: null, proof: null }

export const redeemedAssertionCases: readonly ConformanceCase[] = [
  {
    name: 'grants.redeem stores the grant, once for each assertion',
    async run({ grants }) {
      equal(await grants.redeem(grant(), { assertion: assertion('a'), proof: null }, NOW), 'redeemed')
      deepEqual(await grants.find('grant-1'), grant())
      const again = grant({ id: 'grant-2' })
      equal(await grants.redeem(again, { assertion: assertion('a'), proof: null }, NOW + 59), 'used')
      equal(await grants.find('grant-2'), null)
      equal(await grants.redeem(again, { assertion: assertion('b'), proof: null }, NOW), 'redeemed')
      equal(await grants.redeem(grant({ id: 'grant-3' }), nothing, NOW), 'redeemed')
    },
  },
  {
    name: 'grants.redeem uses the proof up first, and then leaves the assertion alone',
    async run({ grants, proofs }) {
      equal(await proofs.remember('p', NOW + 60), true)
      equal(await grants.redeem(grant(), { assertion: assertion('a'), proof: proof('p') }, NOW), 'replayed')
      equal(await grants.find('grant-1'), null)
      equal(await grants.redeem(grant(), { assertion: assertion('a'), proof: proof('q') }, NOW), 'redeemed')
      const again = grant({ id: 'grant-2' })
      equal(await grants.redeem(again, { assertion: assertion('a'), proof: proof('r') }, NOW), 'used')
      equal(await proofs.remember('r', NOW + 60), false)
    },
  },
  {
    name: 'grants.redeem stores nothing for a person who is disabled',
    async run({ grants, users }) {
      await users.create(user())
      await users.disable(user().id, NOW)
      const theirs = grant({ userId: user().id })
      equal(await grants.redeem(theirs, { assertion: assertion('a'), proof: null }, NOW), 'disabled')
      equal(await grants.find('grant-1'), null)
      await users.enable(user().id)
      equal(await grants.redeem(theirs, { assertion: assertion('b'), proof: null }, NOW), 'redeemed')
    },
  },
  {
    name: 'grants.redeem by 32 at once lets one through',
    async run({ grants }) {
      const use = { assertion: assertion('a'), proof: null }
      const ids = Array.from({ length: 32 }, (_, index) => `grant-${index}`)
      const outcomes = await together(32, () => grants.redeem(grant({ id: ids.pop() ?? '' }), use, NOW))
      deepEqual(tally(outcomes), { redeemed: 1, used: 31 })
      equal((await grants.listLive('user-1', NOW)).length, 1)
    },
  },
  {
    name: 'grants.redeem and users.disable at once leave no live grant',
    async run({ grants, users }) {
      await users.create(user())
      const theirs = grant({ userId: user().id })
      await Promise.all([
        ...Array.from({ length: 16 }, (_, index) =>
          grants.redeem({ ...theirs, id: `grant-${index}` }, { ...nothing, assertion: assertion(`a${index}`) }, NOW),
        ),
        users.disable(user().id, NOW),
      ])
      deepEqual(await grants.listLive(user().id, NOW), [])
    },
  },
]
