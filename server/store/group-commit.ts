/**
 * Group commit: what many requests write in one turn of the event loop becomes one transaction, and one wait for the disk.
 *
 * Each request's writes are a unit of their own, in a savepoint: units run one after the other, a unit that fails is undone alone,
 * and each sees what those before it did. What is released is told to nobody before the shared commit has reached the disk; if that
 * fails, every unit of the group has failed.
 *
 * @see https://www.sqlite.org/lang_savepoint.html
 * @see docs/adr/0070-group-commit.md
 * @module
 */
import { setImmediate } from 'node:timers'
import { StoreUnavailable } from '../core/ports.ts'
import type { SqliteConnection } from './sqlite-file.ts'
import { createTurns } from './turns.ts'
import { whenFree } from './when-free.ts'

/** The writes of one request. Exactly one of its ends is called. */
export interface Unit {
  /** Resolves when the writes are durable. */
  commit(): Promise<void>
  rollback(): void
}

export interface GroupCommit {
  /**
   * A unit that is done at once: `work` neither waits nor is waited for. Resolves with what it returned when the writes are durable.
   * `atomic`: it is one statement, which undoes itself.
   */
  run<Value>(work: () => Value, how?: { readonly atomic?: boolean }): Promise<Value>
  /** A unit that takes longer. Waits for its turn; rejects when the database stays locked by another process for longer than `timeout`. */
  begin(): Promise<Unit>
  /** Commits what is open, and whatever waited for its turn. */
  close(): Promise<void>
}

export interface GroupCommitOptions {
  /** Seconds. */
  readonly timeout: number
  /** False: every unit is committed by itself, before the next begins. */
  readonly grouped: boolean
}

export function groupCommit(writer: SqliteConnection, { timeout, grouped }: GroupCommitOptions): GroupCommit {
  const turns = createTurns()
  let group: PromiseWithResolvers<void> | null = null
  let running = false
  let due = false

  /** The end of the group, well or badly. */
  function settle(failure?: unknown): void {
    const ended = group
    group = null
    due = false
    if (failure === undefined) ended?.resolve()
    else ended?.reject(failure)
  }

  function commitGroup(): void {
    if (group === null) return
    try {
      writer.run('commit')
      settle()
    } catch (error) {
      abandon(error)
    }
  }

  /** SQLite undoes the whole transaction for some errors; for the others we do, because nobody can tell what is left of it. */
  function abandon(error: unknown): void {
    try {
      if (writer.inTransaction()) writer.run('rollback')
    } finally {
      settle(error)
    }
  }

  async function openGroup(deadline: number): Promise<PromiseWithResolvers<void>> {
    // Every transaction here writes. One that began by reading could find the database changed when it comes to write.
    await whenFree(() => writer.run('begin immediate'), deadline)
    const opened = Promise.withResolvers<void>()
    // Those who wait for it hear of a failure; when there is nobody, nothing was lost.
    opened.promise.catch(() => {})
    group = opened
    if (grouped) {
      setImmediate(() => {
        if (group !== opened) return
        if (running) due = true
        else commitGroup()
      })
    }
    return opened
  }

  function end(): void {
    running = false
    if (due || !grouped) commitGroup()
    turns.give()
  }

  /** Undoes what the unit did so far. The whole group is lost where the database gave it up. */
  function undo(error: unknown, inSavepoint: boolean): void {
    try {
      if (!writer.inTransaction()) abandon(error)
      else if (inSavepoint) {
        writer.run('rollback to unit')
        writer.run('release unit')
      }
    } catch (failure) {
      abandon(failure)
    }
  }

  return {
    async run(work, { atomic = false } = {}) {
      const deadline = performance.now() + timeout * 1000
      if (!turns.takeIfFree()) await turns.take()
      let own: PromiseWithResolvers<void>
      let value: ReturnType<typeof work>
      let inSavepoint = false
      try {
        own = group ?? (await openGroup(deadline))
        if (!atomic) writer.run('savepoint unit')
        inSavepoint = !atomic
        value = work()
        if (!atomic) writer.run('release unit')
      } catch (error) {
        if (group !== null) undo(error, inSavepoint)
        throw error
      } finally {
        end()
      }
      await own.promise
      return value
    },

    async begin() {
      const deadline = performance.now() + timeout * 1000
      if (!turns.takeIfFree()) await turns.take()
      try {
        const own = group ?? (await openGroup(deadline))
        running = true
        writer.run('savepoint unit')
        return {
          async commit() {
            try {
              writer.run('release unit')
            } catch (error) {
              abandon(error)
              throw error
            } finally {
              end()
            }
            await own.promise
          },
          rollback() {
            undo(new StoreUnavailable('The database gave up the transaction.'), true)
            end()
          },
        }
      } catch (error) {
        if (running) abandon(error)
        end()
        throw error
      }
    },

    async close() {
      await turns.take()
      commitGroup()
      turns.give()
    },
  }
}
