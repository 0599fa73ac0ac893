/**
 * What a session relies on, as named cases for any test runner: for whoever writes a store of their own.
 *
 * @example
 * import { storeConformance } from 'sallyport/client/stores/conformance'
 * for (const { name, run } of storeConformance) test(name, () => run(() => myStore({ url })))
 * @module
 */
import type { Store, StoredRecord } from './store.ts'

/** Opens the store once more, on what the others have opened, as another process does. A store of one process gives the same one. */
export type OpenStore = () => Store | Promise<Store>

/** Passes by returning, fails by throwing. Uses keys of its own, so nothing needs to be empty, and many may run at once. */
export interface StoreCase {
  /** Unique. Begins with the verb. */
  readonly name: string
  run(open: OpenStore): Promise<void>
}

/** Every promise of `Store`. */
export const storeConformance: readonly StoreCase[] = [
  {
    name: 'get: what was never set is undefined',
    async run(open) {
      equal(await (await open()).get(newKey()), undefined)
    },
  },
  {
    name: 'set: what is set is got, by every opener, as it was then',
    async run(open) {
      const [store, other, key] = [await open(), await open(), newKey()]
      const list = ['a']
      equal(
        await store.set(key, { generation: '1', list, nested: { text: 'ü \u0000 \u{1f511}', none: null, no: false } }),
        true,
      )
      list.push('b')
      const read = await other.get(key)
      equal(read, { generation: '1', list: ['a'], nested: { text: 'ü \u0000 \u{1f511}', none: null, no: false } })
      if (Array.isArray(read?.['list'])) read['list'].push('c')
      equal((await other.get(key))?.['list'], ['a'])
    },
  },
  {
    name: 'set: a record takes the place of another as a whole',
    async run(open) {
      const [store, key] = [await open(), newKey()]
      await store.set(key, { generation: '1', old: true })
      equal(await store.set(key, { generation: '2' }), true)
      equal(await store.get(key), { generation: '2' })
    },
  },
  {
    name: 'set: keys of any length and with any characters, and records of 200 kB',
    async run(open) {
      const [store, id] = [await open(), newKey()]
      const keys = ['../../etc', 'a/b\u0000c', 'ü', 'x'.repeat(3000), 'X', 'x'].map((rest) => `${id}${rest}`)
      for (const key of keys) await store.set(key, { generation: key })
      for (const key of keys) equal((await store.get(key))?.generation, key)
      const text = 'y'.repeat(200_000)
      await store.set(id, { generation: '1', text })
      equal((await store.get(id))?.['text'], text)
    },
  },
  {
    name: 'set: with a generation only in its place',
    async run(open) {
      const [store, key] = [await open(), newKey()]
      equal(await store.set(key, record('2'), '1'), false)
      equal(await store.get(key), undefined)
      await store.set(key, record('1'))
      equal(await store.set(key, record('3'), '2'), false)
      equal(await store.get(key), record('1'))
      equal(await store.set(key, record('2'), '1'), true)
      equal(await store.get(key), record('2'))
    },
  },
  {
    name: 'set: of 16 with the same generation one wins, and it is the one that is there',
    async run(open) {
      const [stores, key] = [await openMany(open, 16), newKey()]
      await stores[0]?.set(key, record('before'))
      const won = await Promise.all(stores.map((store, index) => store.set(key, record(`new ${index}`), 'before')))
      equal(count(won), 1)
      equal(await (await open()).get(key), record(`new ${won.indexOf(true)}`))
    },
  },
  {
    name: 'set: 16 without a generation: one of them is there as a whole',
    async run(open) {
      const [stores, key] = [await openMany(open, 16), newKey()]
      const written = stores.map((_store, index) => ({ generation: String(index), text: String(index).repeat(5000) }))
      await Promise.all(stores.map((store, index) => store.set(key, written[index] ?? record(''))))
      const read = await (await open()).get(key)
      equal(read, written[Number(read?.generation)])
    },
  },
  {
    name: 'set: what was deleted meanwhile does not come back',
    async run(open) {
      const [store, other, key] = [await open(), await open(), newKey()]
      await store.set(key, record('1'))
      await other.delete(key)
      equal(await store.set(key, record('2'), '1'), false)
      equal(await other.get(key), undefined)
      equal(await store.set(key, record('1')), true)
      equal(await other.get(key), record('1'))
    },
  },
  {
    name: 'set: a record that may be forgotten stays until then',
    async run(open) {
      const [store, key] = [await open(), newKey('flow')]
      const kept = { generation: '1', dropAfter: Math.floor(Date.now() / 1000) + 3600 }
      await store.set(key, kept)
      await store.set(newKey('flow'), { ...kept, dropAfter: 1 })
      await store.set(newKey('flow'), kept)
      equal(await store.get(key), kept)
    },
  },
  {
    name: 'delete: true for the one of 16 whose call removed it',
    async run(open) {
      for (const generation of [undefined, '1']) {
        const [stores, key] = [await openMany(open, 16), newKey()]
        await stores[0]?.set(key, record('1'))
        equal(count(await Promise.all(stores.map((store) => store.delete(key, generation)))), 1)
        equal(await (await open()).get(key), undefined)
        equal(await (await open()).delete(key, generation), false)
      }
    },
  },
  {
    name: 'delete: with a generation only that one',
    async run(open) {
      const [store, key] = [await open(), newKey()]
      await store.set(key, record('2'))
      equal(await store.delete(key, '1'), false)
      equal(await store.get(key), record('2'))
      equal(await store.delete(key, '2'), true)
      equal(await store.get(key), undefined)
    },
  },
  {
    name: 'delete: against a set with the same generation, one of both wins',
    async run(open) {
      for (let round = 0; round < 8; round += 1) {
        const [store, other, key] = [await open(), await open(), newKey()]
        await store.set(key, record('1'))
        const [written, removed] = await Promise.all([store.set(key, record('2'), '1'), other.delete(key, '1')])
        equal([written, removed].filter(Boolean).length, 1)
        equal(await store.get(key), written ? record('2') : undefined)
      }
    },
  },
  {
    name: 'lock: one at a time, whoever opened the store',
    async run(open) {
      const [stores, key] = [await openMany(open, 8), newKey()]
      let inside = 0
      let most = 0
      const work = async (store: Store): Promise<void> => {
        inside += 1
        most = Math.max(most, inside)
        const n = Number((await store.get(key))?.['n'] ?? 0)
        await store.set(key, { generation: String(n + 1), n: n + 1 })
        inside -= 1
      }
      await Promise.all([...stores, ...stores].map((store) => store.lock(key, () => work(store))))
      equal(most, 1)
      equal((await (await open()).get(key))?.['n'], 16)
    },
  },
  {
    name: 'lock: the value comes out, an error too, and it is free again',
    async run(open) {
      const [store, other, key] = [await open(), await open(), newKey()]
      equal(await store.lock(key, async () => 7), 7)
      const problem = new Error('inside')
      equal(await reasonOf(store.lock(key, () => Promise.reject(problem))), problem)
      equal(await other.lock(key, async () => 8), 8)
    },
  },
  {
    name: 'lock: nobody waits for the lock of another key, or for a lock to read and write',
    async run(open) {
      const [store, other, key] = [await open(), await open(), newKey()]
      await store.lock(key, async () => {
        equal(await other.lock(newKey(), async () => 'other'), 'other')
        equal(await store.set(key, record('1')), true)
        equal(await store.set(key, record('2'), '1'), true)
        equal(await other.get(key), record('2'))
        equal(await store.delete(key, '2'), true)
      })
    },
  },
  {
    name: 'lock: a signal ends the waiting, not the work',
    async run(open) {
      const [store, other, key] = [await open(), await open(), newKey()]
      const [abort, reason] = [new AbortController(), new Error('enough')]
      const [inside, hold] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
      const working = new AbortController()
      const first = store.lock(
        key,
        async () => {
          inside.resolve()
          await hold.promise
          return 'done'
        },
        { signal: working.signal },
      )
      await inside.promise
      working.abort(reason)
      const second = reasonOf(other.lock(key, async () => 'never', { signal: abort.signal }))
      abort.abort(reason)
      equal(await second, reason)
      equal(await reasonOf(store.lock(newKey(), async () => 'never', { signal: abort.signal })), reason)
      hold.resolve()
      equal(await first, 'done')
      equal(await other.lock(key, async () => 'again'), 'again')
    },
  },
  {
    name: 'lock: it is not lost while it is held',
    async run(open) {
      const store = await open()
      equal(await store.lock(newKey(), async (lost) => lost.aborted), false)
    },
  },
  {
    name: 'keepsCryptoKeys: a key comes back, still signs, and still cannot be exported',
    async run(open) {
      const [store, other, id] = [await open(), await open(), newKey()]
      if (store.keepsCryptoKeys !== true) return
      const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
      const { privateKey, publicKey } = await crypto.subtle.generateKey(algorithm, false, ['sign', 'verify'])
      await store.set(id, { generation: '1', dpop: { privateKey } })
      const kept = Object(Object(await other.get(id))['dpop'])['privateKey']
      const signature = await crypto.subtle.sign(algorithm, kept, new Uint8Array(8))
      equal(await crypto.subtle.verify(algorithm, publicKey, signature, new Uint8Array(8)), true)
      equal(kept.extractable, false)
      if ((await reasonOf(crypto.subtle.exportKey('jwk', kept))) === undefined) fail('The key can be exported.')
    },
  },
]

const newKey = (kind = 'credential'): string => `${kind}:conformance ${crypto.randomUUID()} `

const record = (generation: string): StoredRecord => ({ generation })

const openMany = (open: OpenStore, many: number): Promise<readonly Store[]> =>
  Promise.all(Array.from({ length: many }, () => open()))

const count = (won: readonly boolean[]): number => won.filter(Boolean).length

const reasonOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (reason) => reason,
  )

function equal(actual: unknown, expected: unknown): void {
  if (!same(actual, expected)) fail(`Expected ${show(expected)}, and it is ${show(actual)}.`)
}

function fail(message: string): never {
  throw new Error(message)
}

const show = (value: unknown): string =>
  value instanceof Error ? String(value) : (JSON.stringify(value) ?? 'undefined')

/** Of records: members that are `undefined` count as absent. */
function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || a instanceof Error) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const [left, right] = [Object(a), Object(b)]
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].every((name) => same(left[name], right[name]))
}
