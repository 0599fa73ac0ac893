/**
 * Nobody waits for longer than their signal says, whatever store or `fetch` the session was given: neither has to listen to one.
 *
 * @module
 */
import type { ClientContext } from '../context.ts'
import { SallyportError } from '../errors.ts'
import { anyOf, type MaybeSignal, orAborted } from '../stores/mutex.ts'

/**
 * Runs `work` for one caller. The caller's signal and the session's end the waiting; what must not be broken off (a refresh, a
 * sign-out that has begun) goes on by itself.
 *
 * @throws {SallyportError} `aborted`
 */
export async function untilAborted<Value>(
  context: ClientContext,
  signal: MaybeSignal,
  work: () => Promise<Value>,
): Promise<Value> {
  const ended = anyOf(signal, context.signal)
  try {
    ended?.throwIfAborted()
    return await orAborted(work(), ended)
  } catch (cause) {
    if (ended?.aborted !== true) throw cause
    throw cause instanceof SallyportError && cause.code === 'aborted' ? cause : new SallyportError('aborted', { cause })
  }
}
