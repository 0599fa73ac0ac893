/**
 * The server's side of a bridge: a connection that outlives its sessions. When the server has forgotten one (it was restarted), the next
 * is opened as the host opened the first, and given back what the host had told the server.
 *
 * @see MCP 2025-11-25, transports, "Session Management": 404 to a session id means a new `initialize`, without one
 * @see MCP 2026-07-28, transports: no sessions
 * @module
 */
import {
  isInitializeRequest,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  type JSONRPCNotification,
  type JSONRPCRequest,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client'
import type { Fetch } from '../context.ts'
import { SallyportError } from '../errors.ts'
import { sleep } from '../sleep.ts'
import { stateKey } from './messages.ts'
import { type Backoff, pauseAt, standing } from './standing.ts'
import { createToolHeaders } from './tool-headers.ts'

/** What a remote stands on. */
export interface RemoteOptions {
  /** The URL of the MCP endpoint. */
  readonly resource: string
  readonly fetch: Fetch
  /** Sent with every request to the server, beside the token. */
  readonly headers?: Readonly<Record<string, string>>
  /** How long to wait before a server that is away is asked again, in milliseconds. Default 250 ms, doubled each time, at most 15 s. */
  readonly backoff?: Backoff
  /** A message of the server, answers included. */
  readonly onMessage: (message: JSONRPCMessage) => void
  /** The session is gone, and what was under way in it. */
  readonly onLost: () => void
  readonly log: (line: string) => void
}

export interface Remote {
  /**
   * Resolves when the server has taken the message. `onStreamEnd` is called when the stream of its answer ends, for whatever reason.
   *
   * @throws {SessionLost} when the session is gone: sent again, the message goes to a new one
   */
  readonly send: (message: JSONRPCMessage, signal: AbortSignal, onStreamEnd?: () => void) => Promise<void>
  /** Whether the server has got the request, or is getting it. */
  readonly isUnderWay: (request: JSONRPCRequest) => boolean
  readonly close: () => Promise<void>
}

/** The server does not know the session any more, so it has not done what was asked. */
export class SessionLost extends Error {
  override readonly name = 'SessionLost'
}

export const BACKOFF: Backoff = { first: 250, longest: 15_000 }

/** How long a server may take to hear that the session is over, in milliseconds. */
const FAREWELL = 1000

export function createRemote(options: RemoteOptions): Remote {
  const { onMessage, onLost, log } = options
  const underWay = new WeakSet<JSONRPCMessage>()
  const toolHeaders = createToolHeaders()
  /** What the host said that a new session has to hear. */
  const told: { initialize?: JSONRPCRequest; initialized?: JSONRPCNotification; states: Map<string, JSONRPCRequest> } =
    {
      states: new Map(),
    }
  /** Requests of the bridge's own. */
  const own = new Map<unknown, PromiseWithResolvers<JSONRPCMessage>>()
  let asked = 0
  let renewing: Promise<void> | undefined
  let stale = false
  const closing = new AbortController()
  let current = connect()

  function connect(): StreamableHTTPClientTransport {
    const backoff = options.backoff ?? BACKOFF
    const transport = new StreamableHTTPClientTransport(new URL(options.resource), {
      fetch: async (input, init = {}) => {
        const isStream = init.method === 'GET'
        const response = await (isStream ? standing(options.fetch, input, init, backoff) : options.fetch(input, init))
        if (!(await isForgotten(response, init))) return response
        response.body?.cancel().catch(() => {})
        // Whoever sends a message has it taken out of what is under way first; here nobody does.
        if (isStream) lose(transport)
        throw new SessionLost('The server has forgotten the session.')
      },
      ...(options.headers !== undefined && { requestInit: { headers: { ...options.headers } } }),
      // For as long as there is a host: a server that is away comes back.
      reconnectionOptions: {
        initialReconnectionDelay: backoff.first,
        maxReconnectionDelay: backoff.longest,
        reconnectionDelayGrowFactor: 2,
        maxRetries: Number.MAX_SAFE_INTEGER,
      },
    })
    transport.onmessage = (message) => {
      if (transport === current) receive(message)
    }
    transport.onerror = (error) => {
      // These are acted upon, and told where that fails.
      if (!(error instanceof SallyportError || error instanceof SessionLost)) log(error.message)
    }
    // Before it is given anything to send; nothing is awaited in there.
    void transport.start()
    return transport
  }

  function receive(message: JSONRPCMessage): void {
    const id = 'id' in message ? message.id : undefined
    const waiting = 'method' in message ? undefined : own.get(id)
    if (waiting !== undefined) {
      waiting.resolve(message)
      return
    }
    if (id !== undefined && id === told.initialize?.id) adoptVersion(message)
    toolHeaders.learn(message)
    onMessage(message)
  }

  function adoptVersion(answer: JSONRPCMessage): void {
    const version = isJSONRPCResultResponse(answer) ? answer.result['protocolVersion'] : undefined
    if (typeof version === 'string') current.setProtocolVersion(version)
  }

  function lose(transport: StreamableHTTPClientTransport): void {
    if (transport !== current) return
    stale = true
    current = connect()
    transport.close().catch(() => {})
    onLost()
    renewAlone().catch(() => {})
  }

  /** Without a message to send, too: the server may have something to say. Where a person is needed, the next message sees to it. */
  async function renewAlone(): Promise<void> {
    for (let attempt = 0; stale && !closing.signal.aborted; attempt += 1) {
      try {
        await renew()
      } catch (problem) {
        if (problem instanceof SallyportError && !problem.retryable) return
        await sleep(pauseAt(attempt, options.backoff ?? BACKOFF), closing.signal)
      }
    }
  }

  function renew(): Promise<void> {
    renewing ??= reopen().finally(() => {
      renewing = undefined
    })
    return renewing
  }

  async function reopen(): Promise<void> {
    stale = told.initialize !== undefined
    if (told.initialize === undefined || closing.signal.aborted) return
    const answer = await ask(told.initialize)
    adoptVersion(answer)
    if (told.initialized !== undefined) await current.send(told.initialized)
    stale = false
    log('The server had forgotten the session; a new one was opened.')
    for (const request of told.states.values()) await ask(request).catch(() => {})
    for (const notification of changes(answer)) onMessage(notification)
  }

  /** A request of the bridge's own, in words of the host's. */
  async function ask(request: JSONRPCRequest): Promise<JSONRPCMessage> {
    asked += 1
    const id = `sallyport-bridge-${asked}`
    const waiting = Promise.withResolvers<JSONRPCMessage>()
    own.set(id, waiting)
    try {
      const onRequestStreamEnd = (): void => waiting.reject(new SessionLost('The server broke off.'))
      await current.send({ ...request, id }, { onRequestStreamEnd })
      return await waiting.promise
    } finally {
      own.delete(id)
    }
  }

  function remember(message: JSONRPCMessage): void {
    toolHeaders.asked(message)
    if (isInitializeRequest(message)) Object.assign(told, { initialize: message, initialized: undefined })
    else if (isJSONRPCRequest(message)) {
      const key = stateKey(message)
      if (key === undefined) return
      if (message.method === 'resources/unsubscribe') told.states.delete(key)
      else told.states.set(key, message)
    } else if ('method' in message && message.method === 'notifications/initialized') told.initialized = message
  }

  return {
    async send(message, requestSignal, onStreamEnd) {
      if (stale && !isInitializeRequest(message)) await renew()
      requestSignal.throwIfAborted()
      remember(message)
      if (isInitializeRequest(message)) stale = false
      underWay.add(message)
      const transport = current
      const headers = toolHeaders.of(message)
      const stream = onStreamEnd === undefined ? {} : { onRequestStreamEnd: onStreamEnd }
      try {
        await transport.send(message, { requestSignal, headers, ...stream })
      } catch (problem) {
        underWay.delete(message)
        if (problem instanceof SessionLost) lose(transport)
        throw problem
      }
    },
    isUnderWay: (request) => underWay.has(request),
    async close() {
      closing.abort()
      const { promise: late, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, FAREWELL)
      await Promise.race([current.terminateSession().catch(() => {}), late])
      clearTimeout(timer)
      await current.close()
    },
  }
}

/** 404 to a session id, and the 400 that many servers answer instead of it. */
async function isForgotten(response: Response, init: RequestInit = {}): Promise<boolean> {
  const { status } = response
  if ((status !== 404 && status !== 400) || init.method === 'DELETE') return false
  if (!new Headers(init.headers).has('mcp-session-id')) return false
  return status === 404 || /session/i.test(await response.clone().text())
}

/** What the host may have read in the old session and should read anew, as far as the server would have said so. */
function changes(answer: JSONRPCMessage): readonly JSONRPCNotification[] {
  const capabilities = isJSONRPCResultResponse(answer) ? answer.result['capabilities'] : undefined
  const offered: Readonly<Record<string, unknown>> = { ...(typeof capabilities === 'object' ? capabilities : {}) }
  return ['tools', 'resources', 'prompts']
    .filter((kind) => {
      const one = offered[kind]
      return typeof one === 'object' && one !== null && 'listChanged' in one && one.listChanged === true
    })
    .map((kind) => ({ jsonrpc: '2.0', method: `notifications/${kind}/list_changed` }))
}
