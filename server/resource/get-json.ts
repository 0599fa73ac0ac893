/**
 * One bounded GET of a JSON document from an authorization server: a timeout, a size limit, no redirects.
 *
 * @see MCP 2026-07-28, security best practices, "SSRF": a redirect may lead where the policy would not let us go
 * @module
 */
import { readBounded } from './read-bounded.ts'

/** The part of `fetch` that is used, so that an application can be asked in process. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

const MAX_BYTES = 256 * 1024

/** How authorization servers are reached. */
export interface Reach {
  readonly fetch: Fetch
  /** Seconds. */
  readonly timeout: number
}

/**
 * The status, and the parsed body when the status is 200.
 *
 * @throws when there is no answer in time, or a 200 that is too large or no JSON
 */
export async function getJson({ fetch, timeout }: Reach, url: string): Promise<{ status: number; body?: unknown }> {
  const signal = AbortSignal.timeout(timeout * 1000)
  const { promise: late, reject } = Promise.withResolvers<never>()
  const giveUp = (): void => reject(signal.reason)
  signal.addEventListener('abort', giveUp)
  try {
    // A race, since the `fetch` that was handed in may not mind the signal, and a load that never ends would block all that wait for it.
    return await Promise.race([read(fetch, url, signal), late])
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}

async function read(fetch: Fetch, url: string, signal: AbortSignal): Promise<{ status: number; body?: unknown }> {
  const response = await fetch(url, { headers: { accept: 'application/json' }, redirect: 'manual', signal })
  if (response.status !== 200) {
    await response.body?.cancel()
    return { status: response.status }
  }
  const bytes = await readBounded(response.body, MAX_BYTES)
  if (bytes === null) throw new Error('the document is too large')
  return { status: 200, body: JSON.parse(new TextDecoder().decode(bytes)) }
}
