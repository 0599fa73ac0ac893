/**
 * The one door for requests to servers that a metadata document named: URL policy, no redirects, a time limit, a size limit, and
 * no header but the ones given here, so that a host's own headers (API keys) never leave with them.
 *
 * @see MCP 2026-07-28, security best practices, "SSRF"
 * @module
 */
import { checkUrl } from '../../shared/url-policy.ts'
import type { ClientContext } from '../context.ts'
import { SallyportError, type SallyportErrorDetails } from '../errors.ts'
import { type RequestPurpose, withoutQuery } from '../events.ts'
import { anyOf, orAborted } from '../stores/mutex.ts'
import { retryAfter } from './caching.ts'
import { readBounded } from './read-bounded.ts'

/** Metadata and token answers are a few kilobytes; this is far above and still harmless. */
export const MAX_BODY_BYTES = 1024 * 1024

/** What timers can count, in milliseconds (some 24 days). Some runtimes throw beyond it, or wait for one millisecond. */
const LONGEST = 2 ** 31 - 1

export interface OutboundRequest {
  readonly purpose: RequestPurpose
  readonly url: string
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** The caller's own signal, beside the time limit and the session's. */
  readonly signal?: AbortSignal | undefined
  /** Goes on although the session ends: only the time limit counts. */
  readonly detached?: boolean | undefined
  /** Only status and headers are of interest: the body is not waited for, and a redirect is no error. */
  readonly headOnly?: true
}

export interface JsonAnswer {
  readonly status: number
  readonly headers: Headers
  /** Without parameters, in lower case. */
  readonly contentType: string
  /** `undefined` where the body is not JSON, or does not say that it is. */
  readonly json: unknown
  /** For an error: the status, the URL without query, and when to come back, where the server says. */
  readonly about: Pick<SallyportErrorDetails, 'status' | 'url' | 'retryAfter'>
}

/**
 * Sends one request and reads its JSON, whatever the status.
 *
 * @throws {SallyportError} `url_refused`, `redirect_refused`, `network_error`, `timeout`, `aborted`, `response_too_large`
 */
export async function requestJson(context: ClientContext, request: OutboundRequest): Promise<JsonAnswer> {
  const { purpose, method = 'GET', body = null, headOnly } = request
  const url = withoutQuery(request.url)
  const timeout = AbortSignal.timeout(Math.min(Math.ceil(context.timeout * 1000), LONGEST))
  const signal = request.detached === true ? timeout : anyOf(timeout, context.signal, request.signal)
  try {
    if (!checkUrl(request.url, context.resource).ok) throw new SallyportError('url_refused', { url })
    // The race is for a `fetch` that does not listen to its signal.
    const response = await orAborted(
      context.fetch(request.url, {
        method,
        headers: { accept: 'application/json', ...request.headers },
        body,
        redirect: 'manual',
        signal,
      }),
      signal,
    )
    const { status, headers } = response
    context.emit({ type: 'request', purpose, method, url, status })
    if (!headOnly && isRedirect(response)) {
      discard(response)
      throw new SallyportError('redirect_refused', { url, status })
    }
    const contentType = (headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
    const isJson = !headOnly && /^application\/(?:[\w.-]+\+)?json$/.test(contentType)
    if (!isJson) discard(response)
    const json = isJson ? parseJson(await readText(response, signal, url)) : undefined
    const about = { status, url, retryAfter: retryAfter(headers, context.now()) }
    return { status, headers, contentType, json, about }
  } catch (cause) {
    const error = asError(cause, timeout, signal, url)
    context.emit({ type: 'request_failed', purpose, method, url, code: error.code })
    throw error
  }
}

function asError(cause: unknown, timeout: AbortSignal, signal: AbortSignal, url: string): SallyportError {
  if (cause instanceof SallyportError) return cause
  const code = timeout.aborted ? 'timeout' : signal.aborted ? 'aborted' : 'network_error'
  return new SallyportError(code, { cause, url })
}

const isRedirect = (response: Response): boolean =>
  response.type === 'opaqueredirect' || response.redirected || (response.status >= 300 && response.status < 400)

/** Lets a connection go without reading what is left on it. */
export function discard(response: { readonly body: ReadableStream | null; readonly bodyUsed: boolean }): void {
  if (!response.bodyUsed) response.body?.cancel().catch(() => {})
}

async function readText(response: Response, signal: AbortSignal, url: string): Promise<string> {
  if (response.body === null) return ''
  const declared = Number(response.headers.get('content-length'))
  const body = declared > MAX_BODY_BYTES ? undefined : await readBounded(response.body, MAX_BODY_BYTES, signal)
  if (body !== undefined) return body.text()
  discard(response)
  throw new SallyportError('response_too_large', { url })
}

/** Members that are `null` count as absent: several servers send `"refresh_token": null`. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text, (_name, value) => value ?? undefined)
  } catch {
    return undefined
  }
}
