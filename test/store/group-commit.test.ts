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
import { StoreUnavailable } from '../../server/core/ports.ts'
import { type GroupCommit, groupCommit } from '../../server/store/group-commit.ts'
import { openSqliteFile, type SqliteConnection, type SqliteFile } from '../../server/store/sqlite-file.ts'

let directory = ''
let file: SqliteFile
let writer: SqliteConnection
let commits: GroupCommit
let statements: string[] = []
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sallyport-group-'))
  file = openSqliteFile(join(directory, 'group.db'), 'full')
  file.writer.run('create table people (name text primary key)')
  file.writer.run('create table friends (name text references people(name) deferrable initially deferred)')
  statements = []
  writer = {
    ...file.writer,
    run(sql, parameters) {
      statements.push(sql)
      return file.writer.run(sql, parameters)
    },
  }
  commits = groupCommit(writer, { timeout: 1, grouped: true })
})
afterEach(async () => {
  await commits.close()
  file.reader?.close()
  file.writer.close()
  await rm(directory, { recursive: true })
})

/** What another process would find. */
const stored = () =>
  file.reader?.run<{ name: string }>('select name from people order by name').rows.map(({ name }) => name)
const count = (sql: string) => statements.filter((statement) => statement === sql).length

async function add(name: string): Promise<void> {
  const unit = await commits.begin()
  try {
    writer.run('insert into people values (?)', [name])
  } catch (error) {
    unit.rollback()
    throw error
  }
  await unit.commit()
}

test('what comes together is committed once', async () => {
  await Promise.all(Array.from({ length: 32 }, (_, index) => add(`person-${index}`)))
  expect(stored()).toHaveLength(32)
  expect(count('commit')).toBe(1)
  expect(count('savepoint unit')).toBe(32)
})

test('what comes later is committed later', async () => {
  await add('ada')
  await add('bob')
  expect(count('commit')).toBe(2)
})

test('nobody is told before the shared commit, and nobody else sees anything', async () => {
  const told: string[] = []
  const first = add('ada').then(() => told.push('ada'))
  const unit = await commits.begin()
  writer.run('insert into people values (?)', ['bob'])
  // The unit of ada has ended, but that of bob holds the group open, however long the event loop goes on.
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  expect({ told, stored: stored() }).toEqual({ told: [], stored: [] })
  await unit.commit()
  await first
  expect({ told, stored: stored() }).toEqual({ told: ['ada'], stored: ['ada', 'bob'] })
  expect(count('commit')).toBe(1)
})

test('a unit that fails is undone alone', async () => {
  const outcomes = await Promise.allSettled([add('ada'), add('bob'), add('ada'), add('eve')])
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
  expect(stored()).toEqual(['ada', 'bob', 'eve'])
})

test('a unit that is rolled back leaves nothing of several statements', async () => {
  const unit = await commits.begin()
  writer.run('insert into people values (?)', ['bob'])
  writer.run('insert into people values (?)', ['eve'])
  unit.rollback()
  await add('ada')
  expect(stored()).toEqual(['ada'])
})

test('when the shared commit fails, every unit of it has failed', async () => {
  const dangling = async () => {
    const unit = await commits.begin()
    // Checked by the commit, not before.
    writer.run('insert into friends values (?)', ['nobody'])
    await unit.commit()
  }
  const outcomes = await Promise.allSettled([add('ada'), dangling(), add('bob')])
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(stored()).toEqual([])
  await add('ada')
  expect(stored()).toEqual(['ada'])
})

test('when SQLite gives up the transaction in the middle, those who were waiting for it are told', async () => {
  const violent = async () => {
    const unit = await commits.begin()
    try {
      // As a full disk does, this undoes the whole transaction.
      writer.run('insert or rollback into people values (?)', ['ada'])
    } catch (error) {
      unit.rollback()
      throw error
    }
  }
  const outcomes = await Promise.allSettled([add('ada'), violent(), add('bob')])
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled'])
  expect(outcomes[0]).toMatchObject({ reason: expect.any(StoreUnavailable) })
  expect(stored()).toEqual(['bob'])
})

test('a database that stays locked fails those who wait, all after one timeout', async () => {
  const other = new DatabaseSync(join(directory, 'group.db'))
  other.exec('begin immediate')
  const started = performance.now()
  const outcomes = await Promise.allSettled([add('ada'), add('bob'), add('eve')])
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(performance.now() - started).toBeLessThan(2500)
  other.exec('rollback')
  other.close()
  await add('ada')
  expect(stored()).toEqual(['ada'])
})

test('closing commits what is open', async () => {
  const first = add('ada')
  const unit = await commits.begin()
  const closed = commits.close()
  writer.run('insert into people values (?)', ['bob'])
  await Promise.all([unit.commit(), first, closed])
  expect(stored()).toEqual(['ada', 'bob'])
  commits = groupCommit(writer, { timeout: 1, grouped: true })
})
