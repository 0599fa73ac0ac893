/**
 * The stream for what a server says by itself: it is asked for as long as there is a host, however often the server is away.
 *
 * @see MCP 2025-11-25, transports, streamable HTTP, "Listening for Messages from the Server"
 * @module
 */
import type { Fetch } from '../context.ts'
import { SallyportError } from '../errors.ts'
import { sleep } from '../sleep.ts'

/** How long to pause, in milliseconds: doubled each time. */
export interface Backoff {
  readonly first: number
  readonly longest: number
}

/** The pause after so many failures, in seconds. */
export const pauseAt = (failures: number, { first, longest }: Backoff): number =>
  Math.min(first * 2 ** failures, longest) / 1000

/** Sends a GET until it is answered. Trouble that only a person ends, and a server that offers no stream, are answers too. */
export async function standing(
  fetch: Fetch,
  input: string | URL | Request,
  init: RequestInit,
  backoff: Backoff,
): Promise<Response> {
  const signal = init.signal ?? new AbortController().signal
  for (let attempt = 0; ; attempt += 1) {
    try {
      const response = await fetch(input, init)
      if (response.status < 500 && response.status !== 429) return response
      response.body?.cancel().catch(() => {})
    } catch (problem) {
      signal.throwIfAborted()
      if (problem instanceof SallyportError && !problem.retryable) throw problem
    }
    await sleep(pauseAt(attempt, backoff), signal)
  }
}
