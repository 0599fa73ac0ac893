/**
 * The key of a credential: what is kept of it, for how long, and who can take it away.
 *
 * @see RFC 9449 section 11.4: keys that cannot be exported; section 2
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryStore, type SessionEvent, type Store, type StoredRecord } from '../../client/index.ts'
import { fileStore } from '../../client/node/index.ts'
import { approve, attendedSessionIn, failureOf, person, sessionIn } from '../support/client.ts'
import { fakeWorld } from '../support/fake-authorization-server.ts'
import { dpopWorld } from '../support/fake-dpop-world.ts'

const root = await mkdtemp(join(tmpdir(), 'client-keys-'))
afterAll(() => rm(root, { recursive: true }))
let directories = 0
const fresh = (): string => {
  directories += 1
  return join(root, String(directories))
}

/** A store that tells what was last written under each kind of key. */
function watched(store: Store) {
  const written = new Map<string, StoredRecord>()
  const set = async (key: string, record: StoredRecord, ifGeneration?: string): Promise<boolean> => {
    written.set(key.split(':', 1)[0] ?? '', record)
    return store.set(key, record, ifGeneration)
  }
  return { store: { ...store, set }, keyIn: (kind: string) => Object(Object(written.get(kind))['dpop'])['key'] }
}

describe('DPOP-C4 in memory', () => {
  test('DPOP-C4 nobody can export it', async () => {
    const world = dpopWorld()
    const { store, keyIn } = watched(memoryStore(world.now))
    await sessionIn(world, { store }).authorize()
    for (const kind of ['flow', 'credential']) {
      const { privateKey } = keyIn(kind)
      expect(privateKey.extractable).toBe(false)
      await expect(crypto.subtle.exportKey('jwk', privateKey)).rejects.toThrow()
    }
  })

  test('a store that says nothing of keys gets JSON', async () => {
    const world = dpopWorld()
    const { keepsCryptoKeys: _keeps, ...plain } = memoryStore(world.now)
    const { store, keyIn } = watched(plain)
    const session = sessionIn(world, { store })
    await session.authorize()
    expect(keyIn('credential')).toEqual(JSON.parse(JSON.stringify(keyIn('credential'))))
    expect(keyIn('credential').privateJwk.d).toMatch(/^[\w-]{43}$/)
    expect((await session.fetch(world.resource)).status).toBe(200)
  })
})

describe('DPOP-C4 in files', () => {
  test('DPOP-C4 0600, and good after a restart, for the resource and for refreshing', async () => {
    const world = dpopWorld()
    const directory = fresh()
    const open = () => fileStore({ directory, now: world.now })
    await sessionIn(world, { store: open() }).authorize()
    const files = (await readdir(directory)).filter((name) => name.startsWith('credential-') && name.endsWith('.json'))
    expect(files).toHaveLength(1)
    const path = join(directory, files[0] ?? '')
    if (process.platform !== 'win32') expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(JSON.parse(await readFile(path, 'utf8')).dpop).toMatchObject({ bound: true, key: { alg: 'ES256' } })

    const later = () => sessionIn(world, { store: open(), interaction: [], dpop: 'required' })
    expect((await later().fetch(world.resource)).status).toBe(200)
    world.clock.now += 890
    expect((await later().fetch(world.resource)).status).toBe(200)
    expect((await later().fetch(world.resource)).status).toBe(200)
    const keys = world.seen.flatMap(({ jkt }) => jkt ?? [])
    expect(keys).toHaveLength(5)
    expect([...new Set<string | null>(keys)]).toEqual([world.jktAsked()])
  })

  test('a flow that another process ends has its key', async () => {
    const world = dpopWorld()
    const directory = fresh()
    const open = () => sessionIn(world, { store: fileStore({ directory, now: world.now }) })
    const flow = await open().begin({ redirectUri: 'https://host.example/callback' })
    expect(JSON.stringify(flow)).not.toContain('privateJwk')
    const grant = await open().complete(flow, await approve(world)(flow.url))
    expect(grant.tokenType).toBe('DPoP')
    expect((await open().fetch(world.resource)).status).toBe(200)
  })

  test('a key that was spoilt: as if there were no credential', async () => {
    const world = dpopWorld()
    const store = fileStore({ directory: fresh(), now: world.now })
    const { store: spy, keyIn } = watched(store)
    const records: [string, StoredRecord][] = []
    const set = async (key: string, record: StoredRecord, ifGeneration?: string) => {
      records.push([key, record])
      return spy.set(key, record, ifGeneration)
    }
    await sessionIn(world, { store: { ...spy, set } }).authorize()
    const [key, record] = records.find(([name]) => name.startsWith('credential:')) ?? ['', { generation: '' }]
    const { privateJwk, alg } = keyIn('credential')
    const dpop = { bound: true, key: { alg, privateJwk: { ...privateJwk, d: 'AAAA' } } }
    await store.set(key, { ...record, dpop })
    const session = sessionIn(world, { store, interaction: [] })
    expect(await session.status()).toBe('signed-out')
    expect((await failureOf(session.fetch(world.resource))).code).toBe('authorization_required')
  })
})

describe('credentials of earlier versions', () => {
  test('they have no key: Bearer at the resource and at the token endpoint, until the next sign-in', async () => {
    const old = fakeWorld()
    const store = fileStore({ directory: fresh(), now: old.now })
    await sessionIn(old, { store }).authorize()
    // The same servers, of a later day.
    const world = dpopWorld()
    for (const [token, value] of old.tokens) world.tokens.set(token, value)
    for (const [token, value] of old.refreshTokens) world.refreshTokens.set(token, value)
    const session = sessionIn(world, { store, interaction: person(approve(world)) })
    expect(await session.status()).toBe('ready')
    expect((await session.fetch(world.resource)).status).toBe(200)
    world.clock.now += 890
    expect((await session.fetch(world.resource)).status).toBe(200)
    expect(world.seen.every(({ proof }) => proof === undefined)).toBe(true)
    world.clock.now += 301
    expect((await session.authorize({ force: true })).tokenType).toBe('DPoP')
  })
})

describe('one key for each authorization', () => {
  test('another profile, and another sign-in, have keys of their own', async () => {
    const world = dpopWorld()
    const store = memoryStore(world.now)
    const asked: (string | null)[] = []
    for (const profile of ['a', 'b', 'b']) {
      await attendedSessionIn(world, approve(world), { store, profile }).authorize({ force: true })
      asked.push(world.jktAsked())
    }
    expect(new Set(asked).size).toBe(3)
  })

  test('no event shows it', async () => {
    const world = dpopWorld()
    world.server.nonce = 'n'
    world.endpoint.nonce = 'm'
    const events: SessionEvent[] = []
    const { keepsCryptoKeys: _keeps, ...plain } = memoryStore(world.now)
    const { store, keyIn } = watched(plain)
    const session = sessionIn(world, { store, onEvent: (event) => events.push(event) })
    await session.authorize()
    await session.fetch(world.resource)
    const { d } = keyIn('credential').privateJwk
    expect(JSON.stringify(events)).not.toContain(d)
    expect(events.filter(({ type }) => type === 'dpop_retried')).toHaveLength(2)
  })
})
