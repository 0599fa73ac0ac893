/**
 * Several processes on one SQLite file: stores of their own, each with its connection, all at once.
 *
 * @module
 */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  code,
  consent,
  grant,
  NOW,
  people,
  redeemedGrant,
  refreshToken,
  tally,
  together,
} from '../../server/store/conformance/records.ts'
import { type OpenStore, openStore } from '../../server/store/open-store.ts'

const STORES = 8

let directory = ''
let stores: readonly OpenStore[] = []
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sallyport-shared-'))
  stores = await together(STORES, () => openStore({ database: `sqlite:${join(directory, 'sallyport.db')}` }))
})
afterEach(async () => {
  for (const store of stores) await store.close()
  await rm(directory, { recursive: true })
})

/** Four calls of each store. */
const race = <Value>(call: (store: OpenStore, index: number) => Promise<Value>): Promise<Value[]> =>
  together(4 * STORES, (index) => call(store(index), index))

const store = (index: number): OpenStore => {
  const chosen = stores[index % STORES]
  if (chosen === undefined) throw new Error('no store was opened')
  return chosen
}

test('one of 32 redeems a code', async () => {
  await people(store(0))
  await store(0).grants.create(grant(), code())
  const outcomes = await race(({ codes }, index) =>
    codes.redeem(code().hash, refreshToken({ hash: `token-${index}` }), NOW),
  )
  expect(tally(outcomes)).toEqual({ redeemed: 1, consumed: 31 })
})

test('one of 32 rotates a refresh token', async () => {
  await redeemedGrant(store(0))
  const outcomes = await race(({ refreshTokens }, index) =>
    refreshTokens.rotate({
      hash: refreshToken().hash,
      successor: refreshToken({ hash: `successor-${index}` }),
      now: NOW,
    }),
  )
  expect(tally(outcomes)).toEqual({ rotated: 1, consumed: 31 })
})

test('no scope of 32 consents is lost', async () => {
  await people(store(0))
  await race(({ consents }, index) => consents.remember(consent({ scopes: [`scope:${index}`] })))
  const remembered = await store(0).consents.find('user-1', 'client-1', consent().resource)
  expect(remembered?.scopes).toHaveLength(32)
})
