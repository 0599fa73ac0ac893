/**
 * One attempt to read a metadata document: it is there, it is elsewhere, or something is wrong.
 *
 * @see RFC 9728 section 3.2 and RFC 8414 section 3.2: status 200 and `application/json`
 * @module
 */
import type { Guard } from '../../shared/guard.ts'
import { freshUntil } from '../../shared/http-freshness.ts'
import type { ClientContext } from '../context.ts'
import { SallyportError } from '../errors.ts'
import { requestJson } from '../http/request-json.ts'

/**
 * Reads a document of the kind that `is` tells. `undefined` where the server says that there is none (a 4xx): look in the next place. Anything
 * else that is not a document is an error, so that nobody can force the next place by breaking this one.
 *
 * @throws {SallyportError} `server_unavailable` on 5xx, 408 and 429; `invalid_response`; and as `requestJson`
 */
export async function fetchMetadata<Document>(
  context: ClientContext,
  is: Guard<Document>,
  request: {
    readonly purpose: 'resource_metadata' | 'server_metadata'
    readonly url: string
    readonly signal?: AbortSignal | undefined
  },
): Promise<{ readonly document: Document; readonly freshUntil: number } | undefined> {
  const { status, headers, contentType, json, about } = await requestJson(context, request)
  if (status >= 500 || status === 429 || status === 408) throw new SallyportError('server_unavailable', about)
  if (status >= 400) return undefined
  if (status !== 200 || contentType !== 'application/json' || !is(json)) {
    throw new SallyportError('invalid_response', about)
  }
  return { document: json, freshUntil: freshUntil(headers, context.now()) }
}
