/**
 * What a process tells the others, what its callers added, and hears from them, what everyone's callers owe: about once a second while there
 * are requests, and before a request that may be one too many. One exchange at a time, for all who want one.
 *
 * @see docs/adr/0112-limits-across-processes.md
 * @module
 */
import { type Clock, type Debt, type SharedLimits, StoreUnavailable } from '../ports.ts'
import type { Counter } from './counter.ts'

/** Keys that one exchange tells of each limit, and hears of, at most. The rest waits for the next. */
const MOST = 500

/** Counters by name, which has no space in it. */
export type Counters = ReadonlyMap<string, Counter>

export interface Exchange {
  /** A request arrived at this time: the first of a second is a reason to ask what the others know. */
  tick(at: number): void
  /** There is something to tell, which must not wait for the next request. */
  news(): void
  /**
   * One exchange that begins from now on, of what there is to tell and no more; resolves when it is done, and in a second in which one
   * has failed at once. Never rejects.
   */
  ask(): Promise<void>
  /** One that begins from now on, also of the largest debts there are; resolves when it is done. Never rejects. */
  meet(): Promise<void>
}

export interface ExchangeOptions {
  readonly counters: Counters
  readonly shared: SharedLimits
  readonly now: Clock
  /** Calls it in a second. */
  readonly inASecond: (run: () => void) => void
  readonly onFailure: (error: unknown) => void
}

export function createExchange({ counters, shared, now, inASecond, onFailure }: ExchangeOptions): Exchange {
  let running: Promise<void> | null = null
  let last = 0
  let failed = 0
  /** Whether the next one is of the largest debts, too. */
  let listening = false

  async function attempt(): Promise<void> {
    const hear = listening ? MOST : 0
    listening = false
    try {
      await exchange(counters, shared, now(), hear)
    } catch (error) {
      failed = now()
      // Requests that need the store say so themselves.
      if (!(error instanceof StoreUnavailable)) onFailure(error)
    } finally {
      running = null
    }
  }

  const begin = async ({ evenAfterFailure }: { readonly evenAfterFailure: boolean }): Promise<void> => {
    // One that is under way has collected already.
    await running
    if (failed === now() && !evenAfterFailure) return
    running ??= attempt()
    await running
  }

  const meet = (): Promise<void> => {
    listening = true
    return begin({ evenAfterFailure: true })
  }

  return {
    meet,
    ask: () => begin({ evenAfterFailure: false }),
    tick(at) {
      if (at === last) return
      last = at
      void meet()
    },
    news: once(inASecond, () => void meet()),
  }
}

/** Plans it when it is not planned already. */
function once(inASecond: ExchangeOptions['inASecond'], run: () => void): () => void {
  let planned = false
  return () => {
    if (planned) return
    planned = true
    inASecond(() => {
      planned = false
      run()
    })
  }
}

/** For a process that is alone. */
export const noExchange: Exchange = { tick() {}, news() {}, ask: async () => {}, meet: async () => {} }

/** `hear`: of so many keys, besides those told of. */
async function exchange(counters: Counters, shared: SharedLimits, now: number, hear: number): Promise<void> {
  const told: { readonly name: string; readonly counter: Counter; readonly debts: readonly Debt[] }[] = []
  for (const [name, counter] of counters) {
    const debts = counter.collect(now, MOST)
    if (debts.length > 0) told.push({ name, counter, debts })
  }
  try {
    const added = told.flatMap(({ name, debts }) =>
      debts.map(({ key, seconds }) => ({ key: `${name} ${key}`, seconds })),
    )
    for (const { key, seconds } of await shared.exchange(added, now, hear)) {
      const end = key.indexOf(' ')
      counters.get(key.slice(0, end))?.learn({ key: key.slice(end + 1), seconds }, now)
    }
  } catch (error) {
    for (const { counter, debts } of told) counter.giveBack(debts, now)
    throw error
  }
}
