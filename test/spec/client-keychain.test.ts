/**
 * The store whose records only a keychain opens: with another keychain than the operating system's, and with keychains in trouble. The real
 * one is in `test/flows/os-keychain.test.ts`.
 *
 * @see MCP 2026-07-28, security considerations, "Token Theft"
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { once } from 'node:events'
import { copyFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { memoryStore, type SallyportError } from '../../client/index.ts'
import { type Keychain, type KeychainStoreOptions, keychainStore } from '../../client/keychain/index.ts'
import { storeConformance } from '../../client/stores/conformance.ts'
import { failureOf, sessionIn } from '../support/client.ts'
import { fakeWorld } from '../support/fake-authorization-server.ts'
import { dpopWorld } from '../support/fake-dpop-world.ts'
import { fileKeychain } from '../support/file-keychain.ts'

const root = await mkdtemp(join(tmpdir(), 'client-keychain-'))
afterAll(() => rm(root, { recursive: true }))
let places = 0

/** A folder and a keychain of their own, and how to open a store there. */
function place(own: Partial<KeychainStoreOptions> = {}) {
  places += 1
  const directory = join(root, String(places))
  const secretAt = join(root, `${places}.secret`)
  const keychain = fileKeychain(secretAt)
  const open = (more: Partial<KeychainStoreOptions> = {}) =>
    keychainStore({ directory, keychain, lease: { poll: 2 }, ...own, ...more })
  const records = async () => (await readdir(directory)).filter((name) => name.endsWith('.json'))
  return { directory, secretAt, keychain, open, records }
}

const hangs: Keychain = { read: () => new Promise(() => {}), write: () => new Promise(() => {}) }
const locked: Keychain = {
  read: () => Promise.reject(new Error('locked')),
  write: () => Promise.reject(new Error('locked')),
}

describe('what every store promises', () => {
  for (const { name, run } of storeConformance) test(name, () => run(place().open))
})

describe('C-103 SEC-003 what is on the disk', () => {
  test('C-103 nothing that somebody who copies it can read: no token, no key, no verifier; files of mode 0600', async () => {
    const { directory, open } = place({ now: () => 0 })
    const world = dpopWorld()
    const session = sessionIn(world, { store: open(), dpop: 'required' })
    await session.authorize()
    const names = await readdir(directory)
    expect(names.filter((name) => name.endsWith('.json')).length).toBeGreaterThan(2)
    for (const name of names) {
      expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600)
      expect(await readFile(join(directory, name), 'utf8')).not.toMatch(
        /access-|refresh-|privateJwk|mcp\.example|Verifier/,
      )
    }
    // And it is all there.
    const next = sessionIn(world, { store: open(), dpop: 'required', interaction: [] })
    expect((await next.fetch(world.resource)).status).toBe(200)
  })

  test('a record that was moved to another name, or changed, or sealed with another key, counts as absent', async () => {
    const { directory, secretAt, open, records } = place()
    await open().set('credential:x', { generation: '1' })
    const [x = ''] = await records()
    await open().set('credential:y', { generation: '2' })
    const y = (await records()).find((name) => name !== x) ?? ''
    await copyFile(join(directory, x), join(directory, y))
    expect(await open().get('credential:y')).toBeUndefined()
    expect(await open().get('credential:x')).toEqual({ generation: '1' })
    const text = await readFile(join(directory, x), 'utf8')
    for (const spoilt of [
      text.replace(/(?<="sealed":").../, (first) => (first === 'AAA' ? 'BBB' : 'AAA')),
      text.slice(3),
      '{"iv":"!","sealed":""}',
    ]) {
      await writeFile(join(directory, x), spoilt)
      expect(await open().get('credential:x')).toBeUndefined()
    }
    await writeFile(join(directory, x), text)
    await rm(secretAt)
    expect(await open().get('credential:x')).toBeUndefined()
    expect(await open().set('credential:x', { generation: '3' })).toBe(true)
    expect(await open().get('credential:x')).toEqual({ generation: '3' })
  })

  test('flows that nobody came back from are swept, though nobody can read them', async () => {
    const { open, records } = place({ now: () => 300 })
    await open({ now: () => 100 }).set('flow:old', { generation: '1', dropAfter: 200 })
    await open().set('flow:new', { generation: '1', dropAfter: 400 })
    expect(await records()).toHaveLength(1)
    expect(await open().get('flow:new')).toEqual({ generation: '1', dropAfter: 400 })
  })
})

describe('the keychain is asked', () => {
  test('once, however many records there are: each question may be a window before a person', async () => {
    const { keychain, open } = place()
    const asked: string[] = []
    const counting: Keychain = {
      read: (signal) => {
        asked.push('read')
        return keychain.read(signal)
      },
      write: (secret, signal) => {
        asked.push('write')
        return keychain.write(secret, signal)
      },
    }
    await open().set('credential:x', { generation: '1' })
    const store = open({ keychain: counting })
    await Promise.all(['x', 'y', 'z'].map((name) => store.get(`credential:${name}`)))
    await store.set('credential:y', { generation: '1' })
    await store.lock('credential:y', async () => {})
    expect(asked).toEqual(['read'])
  })

  test('by many that begin together: one makes the key, and all can read what each has written', async () => {
    const { open } = place()
    const stores = Array.from({ length: 8 }, () => open())
    await Promise.all(stores.map((store, index) => store.set(`credential:${index}`, { generation: String(index) })))
    const read = await Promise.all(stores.map((_store, index) => open().get(`credential:${index}`)))
    expect(read.map((record) => record?.generation)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7'])
  })
})

describe('a keychain that cannot be used', () => {
  const reasonOf = (failure: SallyportError): string => String(Object(failure.cause).message)

  test('is an error that says why, where no fallback was named; nothing is written anywhere', async () => {
    const { directory, open } = place({ keychain: locked })
    const failures = await Promise.all([
      failureOf(open().get('credential:x')),
      failureOf(open().set('credential:x', { generation: '1' })),
      failureOf(open().lock('credential:x', async () => {})),
      failureOf(sessionIn(fakeWorld(), { store: open() }).authorize()),
    ])
    for (const failure of failures) expect([failure.code, reasonOf(failure)]).toEqual(['store_failed', 'locked'])
    await expect(readdir(directory)).rejects.toThrow('ENOENT')
  })

  test('is asked again the next time: a person may have unlocked it', async () => {
    const { keychain, open } = place()
    let isLocked = true
    const store = open({ keychain: { ...keychain, read: (signal) => (isLocked ? locked : keychain).read(signal) } })
    expect((await failureOf(store.get('credential:x'))).code).toBe('store_failed')
    isLocked = false
    expect(await store.get('credential:x')).toBeUndefined()
    expect(await store.set('credential:x', { generation: '1' })).toBe(true)
  })

  test('that does not answer is waited for no longer than the time limit', async () => {
    const failure = await failureOf(place({ keychain: hangs, timeout: 0.02 }).open().get('credential:x'))
    expect(failure.code).toBe('store_failed')
    expect(reasonOf(failure)).toContain('has not answered for 0.02 s')
  })

  test.each([
    ['locked', locked],
    ['hanging', hangs],
  ])(
    '%s: the fallback that the host has named is used, the host is told once, and so it stays',
    async (_name, keychain) => {
      const fallback = memoryStore()
      const told: SallyportError[] = []
      const { directory, open } = place({
        keychain,
        timeout: 0.02,
        fallback,
        onFallback: (reason) => told.push(reason),
      })
      const store = open()
      await store.set('credential:x', { generation: '1' })
      expect(await store.get('credential:x')).toEqual({ generation: '1' })
      expect(await fallback.get('credential:x')).toEqual({ generation: '1' })
      expect(told.map(({ code }) => code)).toEqual(['store_failed'])
      await expect(readdir(directory)).rejects.toThrow('ENOENT')
    },
  )

  test('the fallback is never used in silence: without a function of the host the process warns', async () => {
    const warned = once(process, 'warning')
    await place({ keychain: locked, fallback: memoryStore() }).open().get('credential:x')
    const [warning] = await warned
    expect(warning.message).toContain('The keychain cannot be used')
    expect(warning.message).toContain('locked')
  })

  test('the fallback is for the keychain alone: a folder that others can write is an error all the same', async () => {
    const { open } = place({ fallback: memoryStore(), directory: tmpdir() })
    expect((await failureOf(open().set('credential:x', { generation: '1' }))).code).toBe('configuration')
  })

  test('that forgets, or has something else under that name, is not trusted', async () => {
    const forgetful: Keychain = { read: async () => undefined, write: async () => {} }
    const foreign: Keychain = { read: async () => 'hunter2', write: async () => {} }
    for (const keychain of [forgetful, foreign]) {
      expect((await failureOf(place({ keychain }).open().get('credential:x'))).code).toBe('store_failed')
    }
  })
})
