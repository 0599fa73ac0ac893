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
  /** Told when writing failed. It is tried again with the next. */
  readonly onFailure: (error: unknown) => void
}

export interface WriteBehind<Item> {
  add(item: Item): void
  /** Writes what waits. */
  flush(): Promise<void>
}

/** Milliseconds. */
const DELAY = 1000

export function writeBehind<Item>({ write, most, onFailure }: WriteBehindOptions<Item>): WriteBehind<Item> {
  let waiting: readonly Item[] = []
  let added: Item[] = []
  let writing: Promise<void> = Promise.resolve()
  let timer: ReturnType<typeof setTimeout> | null = null

  async function writeAll(): Promise<void> {
    const items = [...waiting, ...added]
    waiting = []
    added = []
    if (items.length === 0) return
    try {
      await write(items)
    } catch (error) {
      waiting = items
      onFailure(error)
    }
  }

  function flush(): Promise<void> {
    if (timer !== null) clearTimeout(timer)
    timer = null
    writing = writing.then(writeAll)
    return writing
  }

  return {
    add(item) {
      if (waiting.length + added.length >= most) return
      added.push(item)
      // Whoever stops the process without a word loses them.
      timer ??= setTimeout(flush, DELAY).unref()
    },
    flush,
  }
}
