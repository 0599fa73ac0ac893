/**
 * One connection to the server, for as long as its session lives.
 *
 * @see MCP 2025-11-25, transports, streamable HTTP, "Session Management": 404 to a session id means that the session is over
 * @module
 */
import {
  type JSONRPCMessage,
  type JSONRPCRequest,
  SdkErrorCode,
  SdkHttpError,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client'
import type { Fetch } from '../context.ts'
import { SallyportError } from '../errors.ts'
import { readBounded } from '../http/read-bounded.ts'
import { MAX_BODY_BYTES } from '../http/request-json.ts'
import { anyOf } from '../stores/mutex.ts'
import { type Backoff, standing } from './standing.ts'

/** What a connection stands on. */
export interface ConnectionOptions {
  /** The URL of the MCP endpoint. */
  readonly resource: string
  readonly fetch: Fetch
  /** Sent with every request to the server, beside the token. */
  readonly headers?: Readonly<Record<string, string>>
  readonly backoff: Backoff
  /** How long a request of the bridge's own may take, in milliseconds. */
  readonly patience: number
  /** Tells a person who reads logs. */
  readonly log: (line: string) => void
  /** A message of the server. */
  readonly onMessage: (message: JSONRPCMessage) => void
  /** The server has said that it does not know the session, when nobody was sending anything that could be told so. */
  readonly onForgotten: () => void
}

export interface SendOptions {
  readonly signal?: AbortSignal
  readonly headers?: Readonly<Record<string, string>>
  /** Called when the stream of the answer has ended, for whatever reason. */
  readonly onStreamEnd?: (() => void) | undefined
}

export interface Connection {
  /**
   * Resolves when the server has taken the message.
   *
   * @throws {SessionLost} when it does not know the session any more
   */
  readonly send: (message: JSONRPCMessage, options?: SendOptions) => Promise<void>
  /** Sends a request of the bridge's own, in words of the host's, and gives the answer. */
  readonly ask: (request: JSONRPCRequest) => Promise<JSONRPCMessage>
  readonly setProtocolVersion: (version: string) => void
  /** Its session is over. What is being sent may still be answered; then it is closed. */
  readonly retire: () => void
  /** Tells the server that the session is over, and closes. */
  readonly end: () => Promise<void>
}

/** The server does not know the session any more, so it has not done what was asked. */
export class SessionLost extends Error {
  override readonly name = 'SessionLost'
}

/** There is no session, and none could be opened: nothing was sent. What stood in the way is the cause. */
export class NotOpened extends Error {
  override readonly name = 'NotOpened'
}

/** How long a server may take to hear that the session is over, in milliseconds. */
const FAREWELL = 1000

/** How long a server may take to explain an error, in milliseconds. That it is one is known before. */
const EXPLANATION = 5000

let asked = 0

export function connect(options: ConnectionOptions): Connection {
  const { resource, fetch, headers, backoff, patience, log, onMessage, onForgotten } = options
  const own = new Map<unknown, PromiseWithResolvers<JSONRPCMessage>>()
  let sending = 0
  let isRetired = false
  let isEnding = false
  let hasStreamed = false
  const transport = new StreamableHTTPClientTransport(new URL(resource), {
    fetch: async (input, init = {}) => {
      const isStream = init.method === 'GET'
      const answer = await (isStream ? standing(fetch, input, init, backoff) : fetch(input, init))
      hasStreamed ||= isStream && answer.ok
      const response = await bounded(answer, init, Math.min(patience, EXPLANATION))
      if (!(await isForgotten(response, init))) return response
      response.body?.cancel().catch(() => {})
      // Many servers have no such stream, and say so with 404 instead of 405.
      if (isStream && !hasStreamed) return new Response(null, { status: 405 })
      if (isStream) onForgotten()
      throw new SessionLost('The server has forgotten the session.')
    },
    ...(headers !== undefined && { requestInit: { headers: { ...headers } } }),
    // For as long as there is a host: a server that is away comes back.
    reconnectionOptions: {
      initialReconnectionDelay: backoff.first,
      maxReconnectionDelay: backoff.longest,
      reconnectionDelayGrowFactor: 2,
      maxRetries: Number.MAX_SAFE_INTEGER,
    },
  })
  transport.onmessage = (message) => {
    const waiting = 'method' in message ? undefined : own.get(message.id)
    if (waiting !== undefined) waiting.resolve(message)
    // What a session that is over still has to ask or to say would be answered in another.
    else if (!isRetired || !('method' in message)) onMessage(message)
  }
  transport.onerror = (error) => {
    // These are acted upon, and told where that fails.
    if (
      !(isRetired || isEnding || error instanceof SallyportError || error instanceof SessionLost || wasRefused(error))
    )
      log(error.message)
  }
  // Before it is given anything to send; nothing is awaited in there.
  void transport.start()

  const close = (): void => void transport.close().catch(() => {})

  async function send(message: JSONRPCMessage, given: SendOptions = {}): Promise<void> {
    const { signal: requestSignal, headers: more = {}, onStreamEnd: onRequestStreamEnd } = given
    sending += 1
    try {
      await transport.send(message, {
        headers: more,
        ...(requestSignal && { requestSignal }),
        ...(onRequestStreamEnd && { onRequestStreamEnd }),
      })
    } finally {
      sending -= 1
      if (isRetired && sending === 0) close()
    }
    // Closing says nothing of streams. An answer that came at once has been heard.
    if (isRetired) onRequestStreamEnd?.()
  }

  async function ask(request: JSONRPCRequest): Promise<JSONRPCMessage> {
    asked += 1
    const id = `sallyport-bridge-${asked}`
    const waiting = Promise.withResolvers<JSONRPCMessage>()
    own.set(id, waiting)
    const signal = AbortSignal.timeout(patience)
    const giveUp = (): void => waiting.reject(new SessionLost('The server broke off.'))
    signal.addEventListener('abort', giveUp)
    // It may be rejected while nobody waits yet.
    waiting.promise.catch(() => {})
    try {
      await send({ ...request, id }, { signal, onStreamEnd: giveUp })
      return await waiting.promise
    } finally {
      own.delete(id)
    }
  }

  return {
    send,
    ask,
    setProtocolVersion: (version) => transport.setProtocolVersion(version),
    retire() {
      isRetired = true
      if (sending === 0) close()
    },
    async end() {
      isEnding = true
      const { promise: late, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, FAREWELL)
      await Promise.race([transport.terminateSession().catch(() => {}), late])
      clearTimeout(timer)
      await transport.close()
    },
  }
}

/** Who sent the message is told, and says it. */
const wasRefused = (error: Error): boolean =>
  error instanceof SdkHttpError && error.code === SdkErrorCode.ClientHttpNotImplemented

/** With all of what is said of an error at hand, or with none of it where that has no end: whoever reads it reads to the end. */
async function bounded(response: Response, { signal }: RequestInit, most: number): Promise<Response> {
  if (response.status < 400 || response.body === null) return response
  const late = AbortSignal.timeout(most)
  const body = await readBounded(response.body, MAX_BODY_BYTES, anyOf(late, signal)).catch((cause) => {
    if (late.aborted && signal?.aborted !== true) return undefined
    throw cause
  })
  return new Response(body ?? null, response)
}

/** 404 to a session id, and the 400 that many servers answer instead of it. */
async function isForgotten(response: Response, init: RequestInit): Promise<boolean> {
  const { status } = response
  if ((status !== 404 && status !== 400) || init.method === 'DELETE') return false
  if (!new Headers(init.headers).has('mcp-session-id')) return false
  return status === 404 || isAboutSession(await response.clone().text(), init.body)
}

/** An error with the id of a request is what became of that request, whatever it speaks of. */
function isAboutSession(text: string, sent: RequestInit['body']): boolean {
  if (!/session|not initialized/i.test(text)) return false
  const [answer, request] = [idOf(text), typeof sent === 'string' ? idOf(sent) : undefined]
  return answer === undefined || answer !== request
}

function idOf(text: string): unknown {
  try {
    const message: unknown = JSON.parse(text)
    return typeof message === 'object' && message !== null && 'id' in message ? message.id : undefined
  } catch {
    return undefined
  }
}
