/**
 * One at a time per key, within this process, first come first served.
 *
 * @module
 */

/** Runs `work` after everything that was queued before under the same key. `signal` ends the waiting only. */
export type Mutex = <Value>(key: string, work: () => Promise<Value>, signal?: AbortSignal | undefined) => Promise<Value>

/** Makes a mutex; its keys are its own. */
export function createMutex(): Mutex {
  const tails = new Map<string, Promise<void>>()

  return async (key, work, signal) => {
    const before = tails.get(key)
    const { promise: done, resolve: release } = Promise.withResolvers<void>()
    const tail = before === undefined ? done : before.then(() => done)
    tails.set(key, tail)
    const leave = (): void => {
      release()
      if (tails.get(key) === tail) tails.delete(key)
    }
    try {
      if (before !== undefined) await orAborted(before, signal)
      signal?.throwIfAborted()
      return await work()
    } finally {
      leave()
    }
  }
}

/** Settles as `promise` does, or rejects with the signal's reason if that comes first. */
export function orAborted<Value>(promise: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    // Attached in any case: a promise that loses the race may still reject, and somebody has to hear it.
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  })
}

export type MaybeSignal = AbortSignal | null | undefined

/** Aborts with the first of them; `undefined` where there is none. */
export function anyOf(...signals: readonly [AbortSignal, ...MaybeSignal[]]): AbortSignal
export function anyOf(...signals: readonly MaybeSignal[]): AbortSignal | undefined
export function anyOf(...signals: readonly MaybeSignal[]): AbortSignal | undefined {
  const given = signals.filter((signal) => signal != null)
  return given.length < 2 ? given[0] : AbortSignal.any(given)
}
