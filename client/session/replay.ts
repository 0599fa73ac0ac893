/**
 * A request that can be sent more than once, each time with another token, without touching what the caller handed in.
 *
 * @see Fetch Standard section 5.3: a body that is a stream can be read once
 * @module
 */

import type { Fetch } from '../context.ts'
import { SallyportError } from '../errors.ts'
import { readBounded } from '../http/read-bounded.ts'
import { discard } from '../http/request-json.ts'

/** What is kept of the body of a `Request`, whose source cannot be seen. MCP messages are far smaller. */
export const MAX_KEPT_BYTES = 1024 * 1024

export interface ReplayableRequest {
  readonly signal: AbortSignal | undefined
  readonly method: string
  readonly url: string
  /**
   * Sends it with these headers in place of its own.
   *
   * @throws {SallyportError} `body_not_replayable` on the second call, where the body is a stream
   */
  readonly send: (headers: Readonly<Record<string, string>>) => Promise<Response>
  /** No further `send` follows. */
  readonly done: () => void
}

/** The absolute URL of a request; `undefined` for a relative one, which cannot be a resource's. */
export function urlOf(input: string | URL | Request): URL | undefined {
  return URL.parse(input instanceof Request ? input.url : input) ?? undefined
}

/**
 * Wraps the arguments of a `fetch`. Everything but the given headers and the signal is passed on as it is; `init` and its headers are
 * copied. The body of a `Request` is kept up to `MAX_KEPT_BYTES`; one that is larger, or has not arrived as a whole when it is needed
 * again, is like any other stream.
 *
 * @param signal ends each sending; the caller's own is in it
 */
export function replayable(
  send: Fetch,
  input: string | URL | Request,
  init: RequestInit = {},
  signal: AbortSignal | undefined,
): ReplayableRequest {
  let kept: KeptBody | undefined
  let sent = false

  const take = (): string | URL | Request => {
    const again = sent
    sent = true
    if (init.body != null) {
      if (again && !isReplayable(init.body)) throw new SallyportError('body_not_replayable')
      return input
    }
    if (!(input instanceof Request) || (kept === undefined && input.body === null)) return input
    if (!again) {
      kept = keep(input.clone())
      return input
    }
    const body = kept?.whole()
    if (body === undefined) throw new SallyportError('body_not_replayable')
    return new Request(input, { body })
  }

  return {
    signal,
    method: methodOf(input, init),
    url: input instanceof Request ? input.url : String(input),
    send: async (given) => {
      signal?.throwIfAborted()
      const headers = new Headers(init.headers ?? (input instanceof Request ? input.headers : undefined))
      for (const [name, value] of Object.entries(given)) headers.set(name, value)
      const response = await send(take(), { ...init, headers, ...(signal !== undefined && { signal }) })
      // It came too late, from a `fetch` that does not listen: nobody will read it.
      if (signal?.aborted === true) discard(response)
      signal?.throwIfAborted()
      return response
    },
    done: () => kept?.drop(),
  }
}

/** As it is sent: `fetch` writes these in upper case, and others as they are. */
export function methodOf(input: string | URL | Request, { method }: RequestInit = {}): string {
  const given = method ?? (input instanceof Request ? input.method : 'GET')
  return /^(?:delete|get|head|options|post|put)$/i.test(given) ? given.toUpperCase() : given
}

/** The kinds that `fetch` reads anew each time. Whatever else it accepts (async iterables, on servers) may be used up by one reading. */
function isReplayable(body: unknown): boolean {
  return (
    typeof body === 'string' ||
    body instanceof URLSearchParams ||
    body instanceof Blob ||
    body instanceof FormData ||
    body instanceof ArrayBuffer ||
    ArrayBuffer.isView(body)
  )
}

interface KeptBody {
  /** All of it; `undefined` while it has not arrived, and where it is too large. */
  readonly whole: () => Blob | undefined
  readonly drop: () => void
}

/** Reads a copy of a body beside its sending, so that what is held in memory has a limit. */
function keep({ body }: Request): KeptBody {
  const dropped = new AbortController()
  let whole: Blob | undefined
  const read = async (): Promise<void> => {
    whole = body === null ? undefined : await readBounded(body, MAX_KEPT_BYTES, dropped.signal)
  }
  // A body that breaks off breaks the sending, which tells the caller.
  read().catch(() => {})
  return { whole: () => whole, drop: () => dropped.abort() }
}
