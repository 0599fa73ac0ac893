/**
 * What a process tells the others, what its callers added, and hears from them, what everyone's callers owe: at most once a second, with the
 * first request of a second, and no request waits for it.
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
  /** A request arrived at this time. */
  tick(at: number): void
  /** One exchange, or the one under way; resolves when it is done. Never rejects. */
  meet(): Promise<void>
}

export interface ExchangeOptions {
  readonly counters: Counters
  readonly shared: SharedLimits
  readonly now: Clock
  readonly onFailure: (error: unknown) => void
}

export function createExchange({ counters, shared, now, onFailure }: ExchangeOptions): Exchange {
  let running: Promise<void> | null = null
  let last = 0

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

  const meet = (): Promise<void> => {
    running ??= attempt()
    return running
  }

  return {
    meet,
    tick(at) {
      if (at === last) return
      last = at
      void meet()
    },
  }
}

/** For a process that is alone. */
export const noExchange: Exchange = { tick() {}, meet: async () => {} }

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
