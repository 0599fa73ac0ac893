/**
 * One bounded GET of a JSON document from an authorization server: a timeout, a size limit, no redirects.
 *
 * @see MCP 2026-07-28, security best practices, "SSRF": a redirect may lead where the policy would not let us go
 * @module
 */
import { readBounded } from './read-bounded.ts'

/** The part of `fetch` that is used, so that an application can be asked in process. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

const TIMEOUT_MILLISECONDS = 5000
const MAX_BYTES = 256 * 1024

/**
 * The status, and the parsed body when the status is 200.
 *
 * @throws when there is no answer in time, or a 200 that is too large or no JSON
 */
export async function getJson(fetch: Fetch, url: string): Promise<{ status: number; body?: unknown }> {
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
  })
  if (response.status !== 200) {
    await response.body?.cancel()
    return { status: response.status }
  }
  const bytes = await readBounded(response.body, MAX_BYTES)
  if (bytes === null) throw new Error('the document is too large')
  return { status: 200, body: JSON.parse(new TextDecoder().decode(bytes)) }
}
