/**
 * What the `signingKeys` port promises.
 *
 * @module
 */
import { deepEqual, equal } from 'node:assert/strict'
import type { SigningKey } from '../signing-keys.ts'
import type { ConformanceCase } from './conformance-case.ts'
import { NOW, tally, together } from './records.ts'

const key = (changes: Partial<SigningKey> = {}): SigningKey => ({
  generation: 1,
  kid: 'kid-1',
  algorithm: 'ES256',
  sealedJwk: 'sealed',
  createdAt: NOW,
  signsFrom: NOW,
  ...changes,
})

const second = key({ generation: 2, kid: 'kid-2', signsFrom: NOW + 360 })

export const signingKeyCases: readonly ConformanceCase[] = [
  {
    name: 'signingKeys.add lets one of 32 make a generation, and list tells them in the order of making',
    async run({ signingKeys }) {
      await signingKeys.add(second)
      const added = await together(32, (index) => signingKeys.add(key({ kid: `kid-of-${index}` })))
      deepEqual(tally(added), { true: 1, false: 31 })
      deepEqual(await signingKeys.list(), [key({ kid: `kid-of-${added.indexOf(true)}` }), second])
    },
  },
  {
    name: 'signingKeys.remove never takes the key that signs',
    async run({ signingKeys }) {
      await signingKeys.add(key())
      equal(await signingKeys.remove('kid-1', NOW), false)
      // The first of all signs for a clock that is slow, too.
      equal(await signingKeys.remove('kid-1', NOW - 1), false)
      await signingKeys.add(second)
      equal(await signingKeys.remove('kid-1', NOW - 1), false)
      equal(await signingKeys.remove('kid-1', NOW + 359), false)
      equal(await signingKeys.remove('kid-2', NOW + 360), false)
      equal(await signingKeys.remove('kid-1', NOW + 360), true)
      deepEqual(await signingKeys.list(), [second])
      equal(await signingKeys.remove('kid-1', NOW + 360), false)
    },
  },
  {
    name: 'signingKeys.remove takes a key that does not sign yet',
    async run({ signingKeys }) {
      await signingKeys.add(key())
      await signingKeys.add(second)
      equal(await signingKeys.remove('kid-2', NOW + 359), true)
      deepEqual(await signingKeys.list(), [key()])
    },
  },
  {
    name: 'signingKeys.remove: of two that begin in the same second the later made signs',
    async run({ signingKeys }) {
      await signingKeys.add(key())
      await signingKeys.add(key({ generation: 2, kid: 'kid-2' }))
      equal(await signingKeys.remove('kid-2', NOW), false)
      equal(await signingKeys.remove('kid-1', NOW), true)
    },
  },
  {
    name: 'signingKeys.remove by 32 at once, of every key, leaves the one that signs',
    async run({ signingKeys }) {
      for (const generation of [1, 2, 3, 4]) {
        await signingKeys.add(key({ generation, kid: `kid-${generation}`, signsFrom: NOW + generation }))
      }
      await together(32, (index) => signingKeys.remove(`kid-${(index % 4) + 1}`, NOW + 10))
      deepEqual(
        (await signingKeys.list()).map(({ kid }) => kid),
        ['kid-4'],
      )
    },
  },
  {
    name: 'signingKeys.reseal replaces what it knows, by one of 32',
    async run({ signingKeys }) {
      await signingKeys.add(key())
      await signingKeys.add(second)
      const resealed = await together(32, (index) => signingKeys.reseal('kid-1', 'sealed', `sealed by ${index}`))
      deepEqual(tally(resealed), { true: 1, false: 31 })
      const winner = key({ sealedJwk: `sealed by ${resealed.indexOf(true)}` })
      deepEqual(await signingKeys.list(), [winner, second])
      equal(await signingKeys.reseal('kid-3', 'sealed', 'x'), false)
    },
  },
]
