/**
 * The client's stores: the same promises in memory and in files, and what only files have to keep.
 *
 * @see MCP 2026-07-28, security considerations, "Token Theft"
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStore, type Store } from '../../client/index.ts'
import { type FileStoreOptions, fileStore } from '../../client/node/index.ts'
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

const kinds: readonly [string, () => Store][] = [
  ['memory', () => memoryStore(() => 100)],
  ['files', () => files()],
]

describe.each(kinds)('%s', (_kind, make) => {
  test('what is set is got, as it was then', async () => {
    const store = make()
    const record = { generation: '1', list: ['a'] }
    expect(await store.get('credential:x')).toBeUndefined()
    await store.set('credential:x', record)
    record.list.push('b')
    expect(await store.get('credential:x')).toEqual({ generation: '1', list: ['a'] })
    await store.set('credential:x', { generation: '2' })
    expect(await store.get('credential:x')).toEqual({ generation: '2' })
  })

  test('keys of any length and with any characters', async () => {
    const store = make()
    const keys = ['credential:../../etc', `credential:${'x'.repeat(3000)}`, 'credential:a/b\u0000c', 'flow:ü']
    for (const key of keys) await store.set(key, { generation: key })
    for (const key of keys) expect((await store.get(key))?.generation).toBe(key)
  })

  test('R3 delete removes a generation only if it is still there, and one caller removed it', async () => {
    const store = make()
    await store.set('credential:x', { generation: '2' })
    expect(await store.delete('credential:x', '1')).toBe(false)
    expect((await store.get('credential:x'))?.generation).toBe('2')
    const outcomes = await Promise.all([1, 2, 3, 4, 5].map(() => store.delete('credential:x', '2')))
    expect(outcomes.filter(Boolean)).toHaveLength(1)
    expect(await store.delete('credential:x')).toBe(false)
  })

  test('flows that nobody came back from are forgotten, others are not', async () => {
    const store = make()
    await store.set('flow:old', { generation: '1', dropAfter: 99 })
    await store.set('credential:kept', { generation: '1' })
    await store.set('flow:new', { generation: '1', dropAfter: 200 })
    expect(await store.get('flow:old')).toBeUndefined()
    expect(await store.get('flow:new')).toBeDefined()
    expect(await store.get('credential:kept')).toBeDefined()
  })

  test('lock: one at a time per key, in turn, other keys at once', async () => {
    const store = make()
    const order: string[] = []
    const held = gate()
    const first = store.lock('credential:x', async () => {
      order.push('first in')
      await held.opened
      order.push('first out')
    })
    const second = store.lock('credential:x', async () => order.push('second'))
    await store.lock('credential:y', async () => order.push('other'))
    held.open()
    await Promise.all([first, second])
    expect(order.filter((entry) => entry !== 'other')).toEqual(['first in', 'first out', 'second'])
    expect(order.indexOf('other')).toBeLessThan(order.indexOf('first out'))
  })

  test('lock: the value comes out, an exception too, and the lock is free again', async () => {
    const store = make()
    expect(await store.lock('credential:x', async () => 7)).toBe(7)
    await expect(store.lock('credential:x', async () => Promise.reject(new Error('inside')))).rejects.toThrow('inside')
    expect(await store.lock('credential:x', async () => 8)).toBe(8)
  })

  test('lock: a signal ends the waiting', async () => {
    const store = make()
    const held = gate()
    const first = store.lock('credential:x', () => held.opened)
    const abort = new AbortController()
    const second = store.lock('credential:x', async () => 'never', { signal: abort.signal })
    abort.abort(new Error('enough'))
    await expect(second).rejects.toThrow('enough')
    held.open()
    await first
    expect(await store.lock('credential:x', async () => 'again')).toBe('again')
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

  test('reading makes no directory', async () => {
    const directory = fresh()
    expect(await fileStore({ directory }).get('credential:x')).toBeUndefined()
    await expect(stat(directory)).rejects.toThrow('ENOENT')
  })

  test('SEC-003 what a process that died has left half written is swept, with the tokens in it; what is being written is not', async () => {
    const directory = fresh()
    await fileStore({ directory }).set('credential:x', { generation: '1' })
    const [record = ''] = await readdir(directory)
    const [dead, alive] = [1, 2].map((digit) => `${record}.${crypto.randomUUID().slice(1)}${digit}.tmp`)
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
    const lease = { heartbeat: 5, stale: 60, wait: 200, poll: 5 }
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

  test('the lock of a process that died is taken over, by one of those who wait', async () => {
    const directory = fresh()
    const lease = { heartbeat: 1000, stale: 1000, wait: 5000, poll: 1 }
    const stores = [1, 2, 3, 4, 5, 6].map(() => fileStore({ directory, lease }))
    await stores[0]?.lock('credential:x', async () => {})
    const [name = ''] = await readdir(directory)
    // As a dead process leaves it: without a release, its last heartbeat long ago.
    const past = new Date(Date.now() - 60_000)
    await utimes(join(directory, name), past, past)
    let inside = 0
    let most = 0
    await Promise.all(
      stores.map((store) =>
        store.lock('credential:x', async () => {
          inside += 1
          most = Math.max(most, inside)
          await readFile(join(directory, name)).catch(() => {})
          inside -= 1
        }),
      ),
    )
    expect(most).toBe(1)
    expect(await readdir(directory)).toHaveLength(1)
  })

  test('a holder that was taken over learns of it', async () => {
    const directory = fresh()
    const lease = { heartbeat: 5, stale: 1000, wait: 1000, poll: 5 }
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
