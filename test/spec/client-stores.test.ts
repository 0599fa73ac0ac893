/**
 * The client's stores: the same promises in memory and in files, and what only files have to keep.
 *
 * @see MCP 2026-07-28, security considerations, "Token Theft"
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { memoryStore, type Store, type StoredRecord } from '../../client/index.ts'
import { type FileStoreOptions, fileStore } from '../../client/node/index.ts'
import { take } from '../../client/node/lease-lock.ts'
import { readLatest, writeNext } from '../../client/node/record-files.ts'
import { storeConformance } from '../../client/stores/conformance.ts'
import { orAborted } from '../../client/stores/mutex.ts'
import { failureOf, gate, sessionIn } from '../support/client.ts'
import { fakeWorld } from '../support/fake-authorization-server.ts'

const root = await mkdtemp(join(tmpdir(), 'client-store-'))
afterAll(() => rm(root, { recursive: true }))
let directories = 0
const fresh = (): string => {
  directories += 1
  return join(root, String(directories), 'nested')
}
const files = (options: Partial<FileStoreOptions> = {}): Store =>
  fileStore({ directory: fresh(), now: () => 100, ...options })

/** Each call opens what the others have opened. */
const kinds: readonly [string, () => () => Store][] = [
  [
    'memory',
    () => {
      const store = memoryStore()
      return () => store
    },
  ],
  [
    'files',
    () => {
      const directory = fresh()
      return () => fileStore({ directory, lease: { poll: 2 } })
    },
  ],
]

describe.each(kinds)('%s', (_kind, make) => {
  for (const { name, run } of storeConformance) test(name, () => run(make()))

  test('lock: in turn', async () => {
    const store = make()()
    const order: number[] = []
    await Promise.all([1, 2, 3, 4].map((number) => store.lock('credential:x', async () => void order.push(number))))
    expect(order).toEqual([1, 2, 3, 4])
  })
})

describe.each([
  ['memory', () => memoryStore(() => 100)],
  ['files', () => files()],
] as const)('%s', (_kind, make) => {
  test('flows that nobody came back from are forgotten, others are not', async () => {
    const store = make()
    await store.set('flow:old', { generation: '1', dropAfter: 99 })
    await store.set('credential:kept', { generation: '1' })
    await store.set('flow:new', { generation: '1', dropAfter: 200 })
    expect(await store.get('flow:old')).toBeUndefined()
    expect(await store.get('flow:new')).toBeDefined()
    expect(await store.get('credential:kept')).toBeDefined()
  })
})

describe('the suite for authors of stores finds', () => {
  const aliasing = (store: Store): Store => {
    const records = new Map<string, StoredRecord>()
    const set = async (key: string, record: StoredRecord) => records.set(key, record).has(key)
    return { ...store, set, get: async (key) => records.get(key) }
  }
  const broken: readonly [string, (store: Store) => Store][] = [
    ['get:', (store) => ({ ...store, get: async (key) => (await store.get(key)) ?? { generation: '' } })],
    ['set: what is set', aliasing],
    ['set: with a generation', (store) => ({ ...store, set: (key, record) => store.set(key, record) })],
    [
      'set: of 16',
      (store) => ({
        ...store,
        set: async (key, record, one) =>
          one !== undefined && (await store.get(key))?.generation !== one ? false : store.set(key, record),
      }),
    ],
    ['delete: true for', (store) => ({ ...store, delete: async (key, one) => (await store.delete(key, one)) || true })],
    ['delete: with a', (store) => ({ ...store, delete: (key) => store.delete(key) })],
    ['lock: one at a time', (store) => ({ ...store, lock: (_key, work) => work(new AbortController().signal) })],
    [
      'lock: the value',
      (store) => ({
        ...store,
        lock: (key, work, how) => store.lock(key, work, how).catch((error) => Promise.reject(String(error))),
      }),
    ],
    ['lock: nobody waits', (store) => ({ ...store, lock: (_key, work, how) => store.lock('all', work, how) })],
    ['lock: a signal', (store) => ({ ...store, lock: (key, work) => store.lock(key, work) })],
    [
      'lock: it is not',
      (store) => ({ ...store, lock: (key, work, how) => store.lock(key, () => work(AbortSignal.abort()), how) }),
    ],
    [
      'keepsCryptoKeys',
      (store) => ({ ...store, set: (key, record, one) => store.set(key, JSON.parse(JSON.stringify(record)), one) }),
    ],
  ]
  test.each(broken)('%s', async (prefix, spoil) => {
    const store = spoil(memoryStore())
    const one = storeConformance.find(({ name }) => name.startsWith(prefix))
    // Some of them end in a lock that nobody lets go of.
    const outcome = orAborted(Promise.resolve(one?.run(() => store)), AbortSignal.timeout(300))
    expect(
      await outcome.then(
        () => 'passed',
        () => 'found',
      ),
    ).toBe('found')
  })
})

describe('files', () => {
  test('C-103 C-104 SEC-003 the directory is 0700, the files are 0600, and nothing temporary is left', async () => {
    const directory = fresh()
    const world = fakeWorld()
    await sessionIn(world, { store: fileStore({ directory, now: () => 0 }) }).authorize()
    expect((await stat(directory)).mode & 0o777).toBe(0o700)
    const names = await readdir(directory)
    for (const name of names) expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600)
    expect(names.filter((name) => name.endsWith('.tmp'))).toEqual([])
    expect(names.some((name) => /access|mcp\.example/.test(name))).toBe(false)
  })

  test('C-103 a directory that was there keeps its mode, and the files in it are their owner’s all the same', async () => {
    const directory = fresh()
    await mkdir(directory, { recursive: true, mode: 0o755 })
    await fileStore({ directory }).set('credential:x', { generation: '1' })
    expect((await stat(directory)).mode & 0o777).toBe(0o755)
    for (const name of await readdir(directory)) expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600)
  })

  test.each([0o777, 0o770, 0o1777, 0o722])(
    'SEC-003 a directory that others may write to is refused: mode %d',
    async (mode) => {
      const directory = fresh()
      await mkdir(directory, { recursive: true })
      await chmod(directory, mode)
      const store = fileStore({ directory })
      const outcomes = [
        store.get('credential:x'),
        store.set('credential:x', { generation: '1' }),
        store.lock('credential:x', async () => {}),
        sessionIn(fakeWorld(), { store }).authorize(),
      ]
      const failures = await Promise.all(outcomes.map(failureOf))
      expect(failures.map(({ code }) => code)).toEqual(outcomes.map(() => 'configuration'))
      expect(await readdir(directory)).toEqual([])
      await chmod(directory, 0o700)
      await store.set('credential:x', { generation: '1' })
      expect((await store.get('credential:x'))?.generation).toBe('1')
    },
  )

  test('SEC-003 a directory that is opened to others later is refused from then on', async () => {
    const directory = fresh()
    const store = fileStore({ directory })
    await store.set('credential:x', { generation: '1' })
    await chmod(directory, 0o777)
    expect((await failureOf(store.get('credential:x'))).code).toBe('configuration')
    expect((await failureOf(store.set('credential:x', { generation: '2' }))).code).toBe('configuration')
  })

  test('a directory that somebody removes is made again, and what was in it is gone', async () => {
    const directory = fresh()
    const store = fileStore({ directory })
    await store.set('credential:x', { generation: '1' })
    await rm(directory, { recursive: true })
    expect(await store.get('credential:x')).toBeUndefined()
    expect(await store.lock('credential:x', () => store.set('credential:x', { generation: '2' }, '1'))).toBe(false)
    expect(await store.set('credential:x', { generation: '3' })).toBe(true)
    expect((await stat(directory)).mode & 0o777).toBe(0o700)
  })

  test('reading makes no directory', async () => {
    const directory = fresh()
    expect(await fileStore({ directory }).get('credential:x')).toBeUndefined()
    await expect(stat(directory)).rejects.toThrow('ENOENT')
  })

  test('SEC-003 what a process that died has left half written is swept, with the tokens in it; what is being written is not', async () => {
    const directory = fresh()
    await fileStore({ directory }).set('credential:x', { generation: '1' })
    const [record = ''] = await readdir(directory)
    const [dead, alive] = [1, 2].map(
      (digit) => `${record.replace('.1.json', '')}.${crypto.randomUUID().slice(1)}${digit}.tmp`,
    )
    const leave = async (name = '', age = 0): Promise<void> => {
      await writeFile(join(directory, name), '{"generation":"0","accessToken":"secret"}')
      const at = new Date(Date.now() - age)
      await utimes(join(directory, name), at, at)
    }
    await leave('not-ours.tmp', 60_000)
    await leave(dead, 60_000)
    await leave(alive)
    const store = fileStore({ directory, now: () => 100 })
    await store.lock('credential:y', async () => {})
    const left = async (): Promise<readonly string[]> =>
      (await readdir(directory)).filter((name) => name.endsWith('.tmp')).sort()
    expect(await left()).toEqual([alive ?? '', 'not-ours.tmp'].sort())
    await leave(dead, 60_000)
    await store.set('flow:x', { generation: '1', dropAfter: 200 })
    expect(await left()).toEqual([alive ?? '', 'not-ours.tmp'].sort())
  })

  test('a record that cannot be read counts as absent', async () => {
    const directory = fresh()
    const store = fileStore({ directory })
    await store.set('credential:x', { generation: '1' })
    const [name = ''] = await readdir(directory)
    for (const text of ['', '{', '[]', 'null', '{"generation":1}']) {
      await writeFile(join(directory, name), text)
      expect(await store.get('credential:x')).toBeUndefined()
    }
  })

  test('R3 whoever was stopped between looking and writing does not write over a successor, however far it went on', async () => {
    for (const successors of [1, 2, 3]) {
      const directory = fresh()
      const name = `credential-${'0'.repeat(40)}`
      await fileStore({ directory }).lock('credential:x', async () => {})
      expect(await writeNext(directory, name, 0, '"mine"')).toBe(true)
      const seen = await readLatest(directory, name)
      for (let next = 0; next < successors; next += 1) {
        const text = next === successors - 1 ? '"last"' : ''
        expect(await writeNext(directory, name, (seen?.number ?? 0) + next, text)).toBe(true)
      }
      expect(await writeNext(directory, name, seen?.number ?? 0, '"too late"')).toBe(false)
      expect((await readLatest(directory, name))?.text).toBe('"last"')
    }
  })

  test('what an earlier version wrote is read, and replaced', async () => {
    const directory = fresh()
    const store = fileStore({ directory })
    await store.set('credential:x', { generation: '1' })
    const [name = ''] = await readdir(directory)
    await rename(join(directory, name), join(directory, name.replace('.1.json', '.json')))
    expect(await store.get('credential:x')).toEqual({ generation: '1' })
    expect(await store.set('credential:x', { generation: '2' }, '1')).toBe(true)
    expect(await readdir(directory)).toEqual([name])
    expect(await store.get('credential:x')).toEqual({ generation: '2' })
  })

  test('a flow that was deleted is swept with the others, a deleted credential leaves an empty file', async () => {
    const directory = fresh()
    const clock = { now: 100 }
    const store = fileStore({ directory, now: () => clock.now })
    await store.set('flow:old', { generation: '1', dropAfter: 200, codeVerifier: 'secret' })
    await store.delete('flow:old')
    await store.set('credential:x', { generation: '1', accessToken: 'secret' })
    await store.delete('credential:x')
    const texts = await Promise.all((await readdir(directory)).map((name) => readFile(join(directory, name), 'utf8')))
    expect(texts.sort()).toEqual(['', '{"dropAfter":200}'])
    clock.now = 300
    await store.set('flow:new', { generation: '1', dropAfter: 400 })
    expect((await readdir(directory)).filter((name) => name.startsWith('flow-'))).toHaveLength(1)
  })

  test('a session goes on in another process', async () => {
    const directory = fresh()
    const world = fakeWorld()
    await sessionIn(world, { store: fileStore({ directory, now: () => 0 }) }).authorize()
    const session = sessionIn(world, { store: fileStore({ directory, now: () => 0 }), interaction: [] })
    expect(await session.status()).toBe('ready')
    expect((await session.fetch(world.resource)).status).toBe(200)
  })

  test('a lock that stays held is waited for in vain, for a bounded time; the heartbeat keeps it alive', async () => {
    const directory = fresh()
    // The holder is this very process: whatever holds it up must not be taken for its end.
    const lease = { heartbeat: 5, stale: 1000, stopped: 1000, wait: 1500, poll: 5 }
    const held = gate()
    const inside = gate()
    const first = fileStore({ directory, lease }).lock('credential:x', async () => {
      inside.open()
      await held.opened
    })
    await inside.opened
    const failure = await failureOf(fileStore({ directory, lease }).lock('credential:x', async () => 'never'))
    expect(failure).toMatchObject({ code: 'store_busy', retryable: true })
    held.open()
    await first
    expect(await fileStore({ directory, lease }).lock('credential:x', async () => 'free')).toBe('free')
  })

  test('a holder that is silent and known to run is followed late, one of whom nothing is known early', async () => {
    const directory = fresh()
    const silent = { heartbeat: 100_000, stale: 20, poll: 2 }
    const lockWith = (stopped: number, wait: number) =>
      fileStore({ directory, lease: { ...silent, stopped, wait } }).lock('credential:x', async () => 'followed')
    const held = gate()
    const hold = async () => {
      const inside = gate()
      const done = fileStore({ directory, lease: silent }).lock('credential:x', () => {
        inside.open()
        return held.opened
      })
      await inside.opened
      return { done }
    }
    const first = await hold()
    expect((await failureOf(lockWith(100_000, 100))).code).toBe('store_busy')
    const [name = ''] = (await readdir(directory)).filter((file) => file.includes('.lease-'))
    expect(await readFile(join(directory, name), 'utf8')).toMatch(new RegExp(`^${process.pid} .`))
    await writeFile(join(directory, name), `${process.pid} another-machine`)
    expect(await lockWith(100_000, 5000)).toBe('followed')

    const second = await hold()
    expect(await lockWith(50, 5000)).toBe('followed')
    held.open()
    await Promise.all([first.done, second.done])
  })

  test('a number that was used up and swept meanwhile makes nobody the owner', async () => {
    const directory = fresh()
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await writeFile(join(directory, 'x.lease-7'), '')
    expect(await take(directory, 'x', 6)).toBeUndefined()
    expect(await take(directory, 'x', 7)).toBeUndefined()
    expect(await readdir(directory)).toEqual(['x.lease-7'])
    expect(await take(directory, 'x', 8)).toBe(8)
    expect(await readdir(directory)).toEqual(['x.lease-8'])
  })

  test('a holder that was taken over learns of it', async () => {
    const directory = fresh()
    const lease = { heartbeat: 5, poll: 5 }
    const store = fileStore({ directory, lease })
    await store.lock('credential:x', async (lost) => {
      const [name = ''] = await readdir(directory)
      const aborted = new Promise((resolve) => lost.addEventListener('abort', resolve))
      await writeFile(
        join(
          directory,
          name.replace(/\d+$/, (number) => String(Number(number) + 1)),
        ),
        '',
      )
      await aborted
      expect(lost.aborted).toBe(true)
    })
  })
})
