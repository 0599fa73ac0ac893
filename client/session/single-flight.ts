/**
 * One run of an operation for everybody who asks for it at the same time.
 *
 * @module
 */
import { orAborted } from '../stores/mutex.ts'

/** Joins the run of `key` that is under way, or starts one. */
export type SingleFlight<Value> = (
  key: string,
  work: (abandoned: AbortSignal) => Promise<Value>,
  signal?: AbortSignal | undefined,
) => Promise<Value>

/**
 * A caller's signal ends that caller's waiting; the run itself hears `abandoned` once nobody waits any more, and may well finish
 * nevertheless.
 */
export function createSingleFlight<Value>(): SingleFlight<Value> {
  const flights = new Map<
    string,
    { readonly result: Promise<Value>; readonly abandon: AbortController; waiting: number }
  >()

  return async (key, work, signal) => {
    signal?.throwIfAborted()
    let flight = flights.get(key)
    if (flight === undefined || flight.abandon.signal.aborted) {
      const abandon = new AbortController()
      const started = { result: work(abandon.signal), abandon, waiting: 0 }
      flight = started
      flights.set(key, started)
      const landed = (): void => {
        if (flights.get(key) === started) flights.delete(key)
      }
      started.result.then(landed, landed)
    }
    flight.waiting += 1
    try {
      return await orAborted(flight.result, signal)
    } finally {
      flight.waiting -= 1
      if (flight.waiting === 0) flight.abandon.abort()
    }
  }
}
