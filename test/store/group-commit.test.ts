/**
 * Group commit on a real file: units share a commit and nothing else, and none is acknowledged before it.
 *
 * @see docs/adr/0070-group-commit.md
 * @module
 */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type GroupCommit, groupCommit } from '../../server/store/group-commit.ts'
import { openSqliteFile, type SqliteConnection } from '../../server/store/sqlite-file.ts'

let directory = ''
let writer: SqliteConnection
let commits: GroupCommit
let statements: string[] = []
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sallyport-group-'))
  const file = openSqliteFile(join(directory, 'group.db'), { synchronous: 'full', onWarning: () => {} })
  file.run('create table people (name text primary key)')
  file.run('create table friends (name text references people(name) deferrable initially deferred)')
  statements = []
  writer = {
    ...file,
    run(sql, parameters) {
      statements.push(sql)
      return file.run(sql, parameters)
    },
  }
  commits = groupCommit(writer, { timeout: 1 })
})
afterEach(async () => {
  await commits.close()
  writer.close()
  await rm(directory, { recursive: true })
})

const another = () => new DatabaseSync(join(directory, 'group.db'))

/** What another process finds. */
function stored(): readonly unknown[] {
  const reader = another()
  const rows = reader.prepare('select name from people order by name').all()
  reader.close()
  return rows.map(({ name }) => name)
}

const count = (sql: string) => statements.filter((statement) => statement === sql).length
const insert = (name: string) => writer.run('insert into people values (?)', [name])
const add = (...names: readonly string[]) => commits.run(() => names.map(insert).length)
const statusOf = (outcomes: readonly PromiseSettledResult<unknown>[]) => outcomes.map(({ status }) => status)
const turn = () => new Promise((resolve) => setImmediate(resolve))

test('what comes together is committed once', async () => {
  const outcomes = await Promise.all(Array.from({ length: 32 }, (_, index) => add(`person-${index}`)))
  expect(outcomes).toEqual(Array(32).fill(1))
  expect(stored()).toHaveLength(32)
  expect(count('commit')).toBe(1)
  expect(count('savepoint unit')).toBe(32)
})

test('a single statement needs no savepoint, and is undone alone like the others', async () => {
  const single = (name: string) => commits.run(() => insert(name), { atomic: true })
  const outcomes = await Promise.allSettled([single('ada'), single('ada'), single('bob')])
  expect(statusOf(outcomes)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(stored()).toEqual(['ada', 'bob'])
  expect([count('commit'), count('savepoint unit')]).toEqual([1, 0])
})

test('what each of the next turns brings shares the commit, for a few turns', async () => {
  const units: Promise<number>[] = []
  for (let index = 0; index < 12; index += 1) {
    units.push(add(`person-${index}`))
    await turn()
  }
  await Promise.all(units)
  expect(stored()).toHaveLength(12)
  expect(count('commit')).toBe(3)
})

test('what comes later is committed later', async () => {
  await add('ada')
  await add('bob')
  expect(count('commit')).toBe(2)
})

test('nobody is told before the shared commit, and nothing is done before its group is', async () => {
  const seen: unknown[] = []
  const told = add('ada').then(() => seen.push(['told', stored()]))
  await commits.run(() => seen.push(['next', stored()]))
  await told
  expect(seen).toEqual([
    ['next', []],
    ['told', ['ada']],
  ])
})

test('each unit sees what those before it did, and nobody between them', async () => {
  const seen: number[] = []
  const units = ['ada', 'bob', 'eve'].map((name) =>
    commits.run(() => {
      seen.push(writer.run('select * from people').rows.length)
      insert(name)
    }),
  )
  await Promise.all(units)
  expect(seen).toEqual([0, 1, 2])
})

test('a unit that fails is undone alone, with all of its statements', async () => {
  const outcomes = await Promise.allSettled([add('ada'), add('bob'), add('zoe', 'ada'), add('eve')])
  expect(statusOf(outcomes)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
  expect(stored()).toEqual(['ada', 'bob', 'eve'])
})

test('when the shared commit fails, every unit of it has failed', async () => {
  // Checked by the commit, not before.
  const dangling = () => commits.run(() => writer.run('insert into friends values (?)', ['nobody']))
  const outcomes = await Promise.allSettled([add('ada'), dangling(), add('bob')])
  expect(statusOf(outcomes)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(stored()).toEqual([])
  await add('ada')
  expect(stored()).toEqual(['ada'])
})

test('when SQLite gives up the transaction in the middle, nobody of the group was told otherwise', async () => {
  // As a full disk does, this undoes the whole transaction.
  const violent = () => commits.run(() => writer.run('insert or rollback into people values (?)', ['ada']))
  const outcomes = await Promise.allSettled([add('ada'), violent(), add('bob')])
  expect(statusOf(outcomes)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(stored()).toEqual([])
  await add('bob')
  expect(stored()).toEqual(['bob'])
})

test('a long transaction has the database to itself: groups and readers wait for its end', async () => {
  const transaction = await commits.begin()
  insert('ada')
  const order: string[] = []
  const group = add('bob').then(() => order.push('group'))
  const read = commits.read(() => order.push(`read ${writer.run('select * from people').rows.length}`))
  for (let count = 0; count < 5; count += 1) await turn()
  expect({ order, stored: stored() }).toEqual({ order: [], stored: [] })
  transaction.commit()
  await Promise.all([group, read])
  expect(order).toEqual(['read 1', 'group'])
  expect(stored()).toEqual(['ada', 'bob'])
})

test('a long transaction that is rolled back leaves nothing, and one whose commit fails does not either', async () => {
  const undone = await commits.begin()
  insert('bob')
  undone.rollback()
  const refused = await commits.begin()
  insert('eve')
  writer.run('insert into friends values (?)', ['nobody'])
  expect(() => refused.commit()).toThrow('FOREIGN KEY')
  await add('ada')
  expect(stored()).toEqual(['ada'])
})

const people = () => commits.read(() => writer.run('select name from people').rows.length)

test('a reader does not wait where nothing is open', async () => {
  const waiting = add('ada')
  expect(people()).toBe(0)
  await waiting
  expect(people()).toBe(1)
})

test('what another process commits is read at once, in whatever turn', async () => {
  const other = another()
  expect(people()).toBe(0)
  other.exec("insert into people values ('zoe')")
  expect(people()).toBe(1)
  expect(writer.inTransaction()).toBe(false)
  other.close()
})

test('a database that stays locked fails those who wait, all after one timeout', async () => {
  const other = another()
  other.exec('begin immediate')
  const started = performance.now()
  const long = commits.begin()
  const outcomes = await Promise.allSettled([add('ada'), add('bob'), long, add('eve')])
  expect(statusOf(outcomes)).toEqual(['rejected', 'rejected', 'rejected', 'rejected'])
  expect(performance.now() - started).toBeLessThan(2900)
  other.exec('rollback')
  other.close()
  await add('ada')
  expect(stored()).toEqual(['ada'])
})

test('a database that is locked for a moment is waited for', async () => {
  const other = another()
  other.exec('begin immediate')
  const waiting = [add('ada'), add('bob')]
  await turn()
  other.exec('commit')
  other.close()
  await Promise.all(waiting)
  expect(stored()).toEqual(['ada', 'bob'])
})

test('closing commits what waits, after what is open', async () => {
  const transaction = await commits.begin()
  const waiting = add('bob')
  const closed = commits.close()
  insert('ada')
  transaction.commit()
  await Promise.all([waiting, closed])
  expect(stored()).toEqual(['ada', 'bob'])
})
