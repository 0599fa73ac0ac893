/**
 * What a process tells the others, what its callers added, and hears from them, what everyone's callers owe: about once a second while there
 * are requests, and no request waits for it.
 *
 * @see docs/adr/0112-limits-across-processes.md
 * @module
 */
import { type Clock, type Debt, type SharedLimits, StoreUnavailable } from '../ports.ts'
import type { Counter } from './counter.ts'

/** Keys that one exchange tells, and hears of, at most. The rest waits for the next. */
const MOST = 500

/** Counters by name, which has no space in it. */
export type Counters = ReadonlyMap<string, Counter>

export interface Exchange {
  /** A request arrived at this time: the first of a second is a reason to ask what the others know. */
  tick(at: number): void
  /** There is something to tell, which must not wait for the next request. */
  news(): void
  /** One exchange that begins from now on; resolves when it is done. Never rejects. */
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
  let planned = false

  async function attempt(): Promise<void> {
    try {
      await exchange(counters, shared, now())
    } catch (error) {
      // Requests that need the store say so themselves.
      if (!(error instanceof StoreUnavailable)) onFailure(error)
    } finally {
      running = null
    }
  }

  // One that is under way has collected already.
  const meet = async (): Promise<void> => {
    await running
    running ??= attempt()
    await running
  }

  return {
    meet,
    tick(at) {
      if (at === last) return
      last = at
      void meet()
    },
    news() {
      if (planned) return
      planned = true
      inASecond(() => {
        planned = false
        void meet()
      })
    },
  }
}

/** For a process that is alone. */
export const noExchange: Pick<Exchange, 'tick' | 'meet'> = { tick() {}, meet: async () => {} }

async function exchange(counters: Counters, shared: SharedLimits, now: number): Promise<void> {
  let room = MOST
  const told: { readonly name: string; readonly counter: Counter; readonly debts: readonly Debt[] }[] = []
  for (const [name, counter] of counters) {
    const debts = counter.collect(now, room)
    room -= debts.length
    if (debts.length > 0) told.push({ name, counter, debts })
  }
  try {
    const added = told.flatMap(({ name, debts }) =>
      debts.map(({ key, seconds }) => ({ key: `${name} ${key}`, seconds })),
    )
    for (const { key, seconds } of await shared.exchange(added, now, MOST)) {
      const end = key.indexOf(' ')
      counters.get(key.slice(0, end))?.learn({ key: key.slice(end + 1), seconds }, now)
    }
  } catch (error) {
    for (const { counter, debts } of told) counter.giveBack(debts, now)
    throw error
  }
}
