/**
 * A deadline for a promise.
 *
 * @module
 */
import { StoreUnavailable } from '../core/ports.ts'

/** The promise, or `StoreUnavailable` after so many seconds. What it was doing goes on unobserved. */
export async function within<Value>(seconds: number, promise: Promise<Value>, message: string): Promise<Value> {
  const { promise: expired, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new StoreUnavailable(message)), seconds * 1000)
  try {
    return await Promise.race([promise, expired])
  } finally {
    clearTimeout(timer)
  }
}
