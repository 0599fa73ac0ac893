/**
 * A request that can be sent more than once, each time with another token, without touching what the caller handed in.
 *
 * @see Fetch Standard section 5.3: a body that is a stream can be read once
 * @module
 */
import type { Fetch } from '../context.ts'
import { SallyportError } from '../errors.ts'

export interface ReplayableRequest {
  readonly url: URL
  readonly signal: AbortSignal | undefined
  /**
   * Sends it with `token`, or without.
   *
   * @throws {SallyportError} `body_not_replayable` on the second call, where the body is a stream
   */
  readonly send: (token: string | undefined) => Promise<Response>
  /** No further `send` follows. */
  readonly done: () => void
}

/** The absolute URL of a request; `undefined` for a relative one, which cannot be a resource's. */
export function urlOf(input: string | URL | Request): URL | undefined {
  return URL.parse(input instanceof Request ? input.url : input) ?? undefined
}

/**
 * Wraps the arguments of a `fetch`. Everything but `Authorization` is passed on as it is; `init` and its headers are copied. The
 * body of a `Request` is buffered until `done`.
 */
export function replayable(
  send: Fetch,
  url: URL,
  input: string | URL | Request,
  init: RequestInit = {},
): ReplayableRequest {
  const once = init.body instanceof ReadableStream
  let spare = input instanceof Request && init.body == null && input.body !== null ? input : undefined
  let sent = false

  const take = (): string | URL | Request => {
    if (sent && once) throw new SallyportError('body_not_replayable')
    sent = true
    if (spare === undefined) return input
    const kept = spare.clone()
    const taken = spare
    spare = kept
    return taken
  }

  return {
    url,
    signal: init.signal ?? (input instanceof Request ? input.signal : undefined),
    send: async (token) => {
      const headers = new Headers(init.headers ?? (input instanceof Request ? input.headers : undefined))
      if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
      return send(take(), { ...init, headers })
    },
    done: () => {
      if (spare !== input) spare?.body?.cancel().catch(() => {})
    },
  }
}
