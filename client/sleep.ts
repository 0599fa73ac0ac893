/**
 * Waiting, as a port: the other half of a clock.
 *
 * @module
 */
import { orAborted } from './stores/mutex.ts'

/** Waits for some seconds; rejects with the signal's reason as soon as it aborts. */
export async function sleep(seconds: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, seconds * 1000)
  try {
    await orAborted(promise, signal)
  } finally {
    clearTimeout(timer)
  }
}
