/**
 * Used proofs on SQLite are found in memory. What memory says is what is committed: by whichever process, whatever was undone, and however many
 * periods there are.
 *
 * @see RFC 9449 section 11.1
 * @see docs/adr/0207-used-proofs-are-written-behind-each-other.md
 * @module
 */
import { afterAll, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NOW, tally, together } from '../../server/store/conformance/records.ts'
import { connect } from '../../server/store/connect.ts'
import { digest } from '../../server/store/hash.ts'
import { migrate } from '../../server/store/migrate.ts'
import { createNumberSet } from '../../server/store/number-set.ts'
import { openStore } from '../../server/store/open-store.ts'
import { openSqliteFile } from '../../server/store/sqlite-file.ts'
import { createUsedProofs } from '../../server/store/used-proofs.ts'

const folder = await mkdtemp(join(tmpdir(), 'sallyport-proofs-'))
afterAll(() => rm(folder, { recursive: true }))
const newFile = (): string => join(folder, `${crypto.randomUUID()}.db`)

const PERIOD = 720
const END = Math.ceil(NOW / PERIOD) * PERIOD

/** A process: a connection of its own, and what it remembers. */
async function open(path: string) {
  const database = connect(`sqlite:${path}`, { connections: 1, timeout: 5 })
  await migrate(database, NOW)
  const used = createUsedProofs(database)
  const sqlite = openSqliteFile(path, { synchronous: 'normal', onWarning: () => {} })
  let transaction = 0
  return {
    begin() {
      sqlite.run('begin immediate')
      transaction += 1
    },
    end: (how: 'commit' | 'rollback') => void sqlite.run(how),
    /** Whether it was the first. */
    use(name: string, period = END): boolean {
      const place = { hash: digest(name).slice(0, 22), period, before: period - PERIOD, after: period + PERIOD }
      const read = <Row>(query: { sql: string; parameters: readonly unknown[] }) =>
        sqlite.run<Row>(query.sql, query.parameters).rows
      const query = used.use(place, { transaction, read })
      if (query !== null) sqlite.run(query.sql, query.parameters)
      return query !== null
    },
    async close() {
      sqlite.close()
      await database.db.destroy()
    },
  }
}

test('a proof of a transaction that was undone was not used, and what was written in its place was', async () => {
  const one = await open(newFile())
  one.begin()
  expect([one.use('a'), one.use('b'), one.use('b')]).toEqual([true, true, false])
  one.end('rollback')
  one.begin()
  expect([one.use('c'), one.use('b')]).toEqual([true, true])
  one.end('commit')
  one.begin()
  expect([one.use('c'), one.use('b'), one.use('a')]).toEqual([false, false, true])
  one.end('commit')
  await one.close()
})

test('processes agree with a list of what was committed, in thousands of transactions, a third of which are undone', async () => {
  const path = newFile()
  const processes = [await open(path), await open(path)]
  /** Names, and the periods that they lie in. */
  const committed = new Map<string, number[]>()
  let seed = 7
  const random = (below: number): number => {
    seed = (seed * 48_271) % 0x7fff_ffff
    return seed % below
  }
  for (let turn = 0; turn < 3000; turn += 1) {
    // A few at any time, and more in all than are remembered at once.
    const now = END + PERIOD * Math.floor(turn / 300)
    const one = processes[random(2)]
    const written = new Map<string, number[]>()
    one?.begin()
    for (let count = random(5); count >= 0; count -= 1) {
      const [name, period] = [`proof ${random(400)}`, now + PERIOD * random(3)]
      const places = [...(committed.get(name) ?? []), ...(written.get(name) ?? [])]
      // Within a transaction one name counts once, wherever.
      const known = written.has(name) || places.some((end) => Math.abs(end - period) <= PERIOD)
      if (one?.use(name, period) !== !known) throw new Error(`turn ${turn}: ${name} was ${known ? '' : 'not '}used`)
      if (!known) written.set(name, [...(written.get(name) ?? []), period])
    }
    const kept = random(3) > 0
    one?.end(kept ? 'commit' : 'rollback')
    if (kept) for (const [name, ends] of written) committed.set(name, [...(committed.get(name) ?? []), ...ends])
  }
  for (const one of processes) await one.close()
  expect(committed.size).toBe(400)
})

test('of 32 who show a proof to eight stores of one file one is first, whatever its time, and a store that opens later knows', async () => {
  const database = `sqlite:${newFile()}`
  const stores = await together(8, () => openStore({ database }))
  const outcomes = await together(
    32,
    async (index) => stores[index % 8]?.proofs.remember('a', NOW + 20 * (index % 16)) ?? 'none',
  )
  expect(tally(outcomes)).toEqual({ true: 1, false: 31 })
  const later = await openStore({ database })
  expect(await later.proofs.remember('a', NOW + 300)).toBe(false)
  expect(await later.proofs.remember('b', NOW + 300)).toBe(true)
  expect(await stores[0]?.proofs.remember('b', NOW)).toBe(false)
  for (const store of [...stores, later]) await store.close()
})

test('more proofs than are read at once are known to a process that starts', async () => {
  const path = newFile()
  const before = await open(path)
  before.begin()
  for (let index = 0; index < 10_001; index += 1) before.use(`proof ${index}`)
  before.end('commit')
  await before.close()
  const after = await open(path)
  after.begin()
  for (let index = 0; index < 10_001; index += 1) expect(after.use(`proof ${index}`)).toBe(false)
  expect(after.use('proof 10001')).toBe(true)
  after.end('commit')
  await after.close()
})

test('a set of numbers holds what was added, and nothing else', () => {
  const set = createNumberSet()
  for (let index = 1; index <= 20_000; index += 1) for (const _ of [1, 2]) set.add(index * 1_000_003)
  for (let index = 1; index <= 20_000; index += 1) {
    expect(set.has(index * 1_000_003)).toBe(true)
    expect(set.has(index * 1_000_003 + 1)).toBe(false)
  }
})
