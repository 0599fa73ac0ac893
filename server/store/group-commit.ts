/**
 * Group commit: what many requests write within a few turns of the event loop becomes one transaction, and one wait for the disk.
 *
 * Each request's writes are a unit. Once no turn brings more of them the units are done one after the other, without anything in between, and
 * committed: a unit that fails is undone alone, and each sees what those before it did. Nobody is told before the shared commit has
 * reached the disk; if that fails, every unit of the group has failed.
 *
 * @see https://www.sqlite.org/lang_savepoint.html
 * @see docs/adr/0070-group-commit.md
 * @module
 */
import { setImmediate } from 'node:timers'
import type { SqliteConnection } from './sqlite-file.ts'
import { createTurns } from './turns.ts'
import { whenFree } from './when-free.ts'

/** A transaction by itself, for writes that are interleaved with other work. Exactly one of its ends is called. */
export interface LongTransaction {
  commit(): void
  rollback(): void
}

export interface UnitOptions {
  /** It is one statement, which undoes itself when it fails. Default: false. */
  readonly atomic?: boolean
}

export interface GroupCommit {
  /**
   * Does `work`, which waits for nothing, in the next group. Resolves with what it returned when the writes are durable; rejects when the
   * database stays locked by another process for longer than `timeout`.
   */
  run<Value>(work: () => Value, options?: UnitOptions): Promise<Value>
  /** Waits for its turn, like a group, and no longer than one. */
  begin(): Promise<LongTransaction>
  /** Reads what is on the disk. Waits while a long transaction is open. */
  read<Value>(work: () => Value): Value | Promise<Value>
  /** Commits what waits. */
  close(): Promise<void>
}

interface Unit {
  /** Returns what to tell once the group is committed; throws when the database gave up the transaction. */
  perform(): () => void
  reject(error: unknown): void
  /** By `performance.now()`. */
  readonly deadline: number
}

export interface GroupCommitOptions {
  /** In seconds. */
  readonly timeout: number
  /** Told of every transaction, before anything is done in it. Default: nobody is. */
  readonly begun?: () => void
}

/** Turns of the event loop for which those who are ready wait, as long as each brings more of them. */
const MOST_TURNS = 4

export function groupCommit(writer: SqliteConnection, { timeout, begun = () => {} }: GroupCommitOptions): GroupCommit {
  const turns = createTurns()
  let waiting: Unit[] = []
  let long = false

  const takeTurn = (): Promise<void> | undefined => (turns.takeIfFree() ? undefined : turns.take())
  const deadline = (): number => performance.now() + timeout * 1000
  // Every transaction here writes. One that began by reading could find the database changed when it comes to write.
  const open = (until: number): Promise<void> =>
    whenFree(() => {
      writer.run('begin immediate')
      begun()
    }, until)

  /** SQLite undoes the whole transaction for some errors by itself. */
  function rollBack(): void {
    if (writer.inTransaction()) writer.run('rollback')
  }

  /** The more come along, the fewer waits for the disk there are. */
  async function gather(): Promise<void> {
    for (let turn = 0, before = -1; turn < MOST_TURNS && waiting.length > before; turn += 1) {
      before = waiting.length
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
  }

  async function flush(): Promise<void> {
    await gather()
    await takeTurn()
    try {
      // Who waits longest decides how long; whoever came later gets another chance.
      while (waiting[0] !== undefined) {
        const first = waiting[0]
        try {
          await open(first.deadline)
        } catch (error) {
          waiting.shift()
          first.reject(error)
          continue
        }
        const units = waiting
        waiting = []
        commit(units)
      }
    } finally {
      turns.give()
    }
  }

  /** All of it at once. */
  function commit(units: readonly Unit[]): void {
    try {
      const outcomes = units.map((unit) => unit.perform())
      writer.run('commit')
      for (const tell of outcomes) tell()
    } catch (error) {
      for (const { reject } of units) reject(error)
      rollBack()
    }
  }

  function inSavepoint<Value>(work: () => Value): Value {
    writer.run('savepoint unit')
    try {
      const value = work()
      writer.run('release unit')
      return value
    } catch (error) {
      if (writer.inTransaction()) {
        writer.run('rollback to unit')
        writer.run('release unit')
      }
      throw error
    }
  }

  async function afterwards<Value>(work: () => Value): Promise<Value> {
    await turns.take()
    try {
      return work()
    } finally {
      turns.give()
    }
  }

  return {
    run: <Value>(work: () => Value, { atomic = false }: UnitOptions = {}) =>
      new Promise<Value>((resolve, reject) => {
        const perform = (): (() => void) => {
          try {
            const value = atomic ? work() : inSavepoint(work)
            return () => resolve(value)
          } catch (error) {
            if (!writer.inTransaction()) throw error
            return () => reject(error)
          }
        }
        if (waiting.length === 0) setImmediate(flush)
        waiting.push({ perform, reject, deadline: deadline() })
      }),

    async begin() {
      const until = deadline()
      await takeTurn()
      try {
        await open(until)
        long = true
      } catch (error) {
        turns.give()
        throw error
      }
      const end = (work: () => void): void => {
        try {
          work()
        } finally {
          long = false
          turns.give()
        }
      }
      return {
        commit() {
          end(() => {
            try {
              writer.run('commit')
            } finally {
              rollBack()
            }
          })
        },
        rollback: () => end(rollBack),
      }
    },

    read: (work) => (long ? afterwards(work) : work()),

    close: flush,
  }
}
