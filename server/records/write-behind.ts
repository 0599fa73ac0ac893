/**
 * Writing things down shortly after they happened, many at once: no request waits for it, and a flood of them costs one transaction a second.
 * What waits is bounded, and lost when the process dies.
 *
 * @see docs/adr/0115-observations-are-batched.md
 * @module
 */
import { clearTimeout, setTimeout } from 'node:timers'

export interface WriteBehindOptions<Item> {
  /** Takes some of them, in their order. */
  readonly write: (items: readonly Item[]) => Promise<void>
  /** As many wait at most; those that come then are dropped. */
  readonly most: number
  /** Milliseconds from the first that waits. Default: a second. */
  readonly delay?: number
  /** Told when writing failed. It is tried again with the next, and every second. */
  readonly onFailure: (error: unknown) => void
  /** Told how many were dropped, when the next are written or cannot be. */
  readonly onLost?: (count: number) => void
}

export interface WriteBehind<Item> {
  add(item: Item): void
  /** Writes what waits, for the last time. */
  flush(): Promise<void>
  /**
   * Writes what waits, now, and goes on trying. False: not all of it is written, or some that was added since the last call was dropped. So
   * whoever adds something and calls this in the same turn is told of their own.
   */
  push(): Promise<boolean>
}

/** Milliseconds. */
const DELAY = 1000

/** In one transaction: no request has to wait longer for its own. */
const AT_ONCE = 500

export function writeBehind<Item>(options: WriteBehindOptions<Item>): WriteBehind<Item> {
  const { write: store, most, delay = DELAY, onFailure, onLost = () => {} } = options
  let waiting: readonly Item[] = []
  let added: Item[] = []
  let lost = 0
  /** What was dropped is known when it is added, and nobody else may be told of it in that caller's place. */
  let droppedSincePush = false
  let writing: Promise<boolean> = Promise.resolve(true)
  let timer: ReturnType<typeof setTimeout> | null = null

  async function writeAll(): Promise<boolean> {
    waiting = waiting.length === 0 ? added : [...waiting, ...added]
    added = []
    try {
      while (waiting.length > 0) {
        await store(waiting.slice(0, AT_ONCE))
        waiting = waiting.slice(AT_ONCE)
      }
    } catch (error) {
      onFailure(error)
    }
    if (lost > 0) onLost(lost)
    lost = 0
    return waiting.length === 0
  }

  function write(): Promise<boolean> {
    if (timer !== null) clearTimeout(timer)
    timer = null
    writing = writing.then(writeAll)
    return writing
  }

  async function writeOn(): Promise<boolean> {
    const isWritten = await write()
    if (waiting.length > 0) pushIn(DELAY)
    return isWritten
  }

  async function push(): Promise<boolean> {
    const isDropped = droppedSincePush
    droppedSincePush = false
    return (await writeOn()) && !isDropped
  }

  // Whoever stops the process without a word loses them.
  const pushIn = (milliseconds: number): void => {
    timer ??= setTimeout(() => void writeOn(), milliseconds).unref()
  }

  return {
    add(item) {
      if (waiting.length + added.length >= most) {
        lost += 1
        droppedSincePush = true
        return
      }
      added.push(item)
      if (timer === null) pushIn(delay)
    },
    flush: async () => void (await write()),
    push,
  }
}
