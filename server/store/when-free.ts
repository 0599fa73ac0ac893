/**
 * Waiting for a database that another process has locked.
 *
 * @module
 */

/** How long to wait before asking again, in milliseconds. */
const PATIENCE = 5

/**
 * Repeats what found the database locked. SQLite would wait by itself, but with the whole process standing still; and a lock that is
 * held by this very process could never be released. `deadline`: by `performance.now()`.
 */
export async function whenFree<Value>(work: () => Value, deadline: number): Promise<Value> {
  for (;;) {
    try {
      return work()
    } catch (error) {
      if (!isBusy(error) || performance.now() >= deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, PATIENCE))
    }
  }
}

/** SQLITE_BUSY: nothing was done. The low byte is the primary code. */
export const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' && (error.errcode & 0xff) === 5
