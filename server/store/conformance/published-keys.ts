/**
 * What the `publishedKeys` port promises.
 *
 * @module
 */
import { deepEqual, equal } from 'node:assert/strict'
import type { PublishedKeySet } from '../../core/records.ts'
import type { ConformanceCase } from './conformance-case.ts'
import { NOW, together } from './records.ts'

const URI = 'https://app.example/jwks.json'

export const publishedKeySet = (changes: Partial<PublishedKeySet> = {}): PublishedKeySet => ({
  jwksUri: URI,
  jwks: { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid: 'Ånna "one"\0' }] },
  fetchedAt: NOW,
  keptUntil: NOW + 900,
  ...changes,
})

export const publishedKeyCases: readonly ConformanceCase[] = [
  {
    name: 'publishedKeys.find gives back what put stored, by the exact URI',
    async run({ publishedKeys }) {
      await publishedKeys.put(publishedKeySet())
      deepEqual(await publishedKeys.find(URI), publishedKeySet())
      for (const other of ['', `${URI}?`, URI.toUpperCase(), '%']) equal(await publishedKeys.find(other), null)
    },
  },
  {
    name: 'publishedKeys.put replaces what is not newer, and never moves keptUntil back',
    async run({ publishedKeys }) {
      const jwks = { keys: [] }
      await publishedKeys.put(publishedKeySet({ keptUntil: NOW + 5000 }))
      await publishedKeys.put(publishedKeySet({ jwks, fetchedAt: NOW + 1 }))
      const newest = publishedKeySet({ jwks, fetchedAt: NOW + 1, keptUntil: NOW + 5000 })
      deepEqual(await publishedKeys.find(URI), newest)
      // Of a process whose answer took longer.
      await publishedKeys.put(publishedKeySet({ keptUntil: NOW + 6000 }))
      deepEqual(await publishedKeys.find(URI), newest)
    },
  },
  {
    name: 'publishedKeys.put by 32 at once leaves one',
    async run(store) {
      await together(32, (index) => store.publishedKeys.put(publishedKeySet({ fetchedAt: NOW + index })))
      equal((await store.publishedKeys.find(URI))?.fetchedAt, NOW + 31)
      equal(await store.purge(NOW + 900, 500), 1)
    },
  },
  {
    name: 'publishedKeys.keep moves their end on and never back; purge forgets those whose time is over, and no other',
    async run(store) {
      const { publishedKeys } = store
      await publishedKeys.keep(URI, NOW + 5000)
      equal(await publishedKeys.find(URI), null)
      await publishedKeys.put(publishedKeySet())
      await publishedKeys.put(publishedKeySet({ jwksUri: `${URI}?other` }))
      await publishedKeys.keep(URI, NOW + 5000)
      await publishedKeys.keep(URI, NOW + 10)
      equal(await store.purge(NOW + 4999, 500), 1)
      equal((await publishedKeys.find(URI))?.keptUntil, NOW + 5000)
      equal(await store.purge(NOW + 5000, 500), 1)
      equal(await publishedKeys.find(URI), null)
    },
  },
]
