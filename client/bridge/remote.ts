/**
 * The server's side of a bridge: what outlives its sessions. When the server has forgotten one (it was restarted), the next is opened as
 * the host opened the first, and given back what the host had told the server.
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
} from '@modelcontextprotocol/client'
import type { Fetch } from '../context.ts'
import { SallyportError } from '../errors.ts'
import { sleep } from '../sleep.ts'
import { orAborted } from '../stores/mutex.ts'
import { type Connection, connect, NotOpened, SessionLost } from './connection.ts'
import { stateKey } from './messages.ts'
import { type Backoff, pauseAt } from './standing.ts'
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
  /** Milliseconds for which a message of the host is tried again while the server is away. Hosts give up after 60 s. Default 45 s. */
  readonly patience?: number
  /** A message of the server, answers included. */
  readonly onMessage: (message: JSONRPCMessage) => void
  /** The session is gone, and with it what the server had taken. What is being sent finds out by itself. */
  readonly onLost: () => void
  readonly log: (line: string) => void
}

export interface Remote {
  /**
   * Resolves when the server has taken the message. `onStreamEnd` is called when the stream of its answer ends, for whatever reason.
   *
   * @throws {SessionLost} when the session is gone: sent again, the message goes to a new one
   * @throws {NotOpened} when there is none, and none could be opened
   */
  readonly send: (message: JSONRPCMessage, signal: AbortSignal, onStreamEnd?: () => void) => Promise<void>
  /** `sent`: the server may be getting it. `taken`: it has said so. `undefined`: it has not got it, or not in this session. */
  readonly progressOf: (request: JSONRPCRequest) => 'sent' | 'taken' | undefined
  readonly close: () => Promise<void>
}

export const BACKOFF: Backoff = { first: 250, longest: 15_000 }
export const PATIENCE = 45_000

/** What the host said that a new session has to hear. */
interface Told {
  initialize?: JSONRPCRequest
  initialized?: JSONRPCNotification
  readonly states: Map<string, JSONRPCRequest>
}

export function createRemote(options: RemoteOptions): Remote {
  const { onMessage, onLost, log, backoff = BACKOFF, patience = PATIENCE } = options
  const progress = new WeakMap<JSONRPCMessage, 'sent' | 'taken'>()
  const toolHeaders = createToolHeaders()
  const told: Told = { states: new Map() }
  let renewing: Promise<void> | undefined
  /** The current connection has no session yet, and the host believes that it has. */
  let isStale = false
  const closing = new AbortController()
  let current = open()

  function open(): Connection {
    const connection = connect({
      ...options,
      backoff,
      patience,
      onMessage: receive,
      onForgotten: () => lose(connection),
    })
    return connection
  }

  function receive(message: JSONRPCMessage): void {
    if (!('method' in message) && message.id !== undefined && message.id === told.initialize?.id) adoptVersion(message)
    toolHeaders.learn(message)
    onMessage(message)
  }

  function adoptVersion(answer: JSONRPCMessage): void {
    const version = isJSONRPCResultResponse(answer) ? answer.result['protocolVersion'] : undefined
    if (typeof version === 'string') current.setProtocolVersion(version)
  }

  function lose(connection: Connection): void {
    if (connection !== current) return
    isStale = true
    current = open()
    connection.retire()
    onLost()
    renewAlone().catch(() => {})
  }

  /** Without a message to send, too: the server may have something to say. Where a person is needed, the next message sees to it. */
  async function renewAlone(): Promise<void> {
    for (let attempt = 0; isStale && !closing.signal.aborted; attempt += 1) {
      try {
        await renew()
      } catch (problem) {
        if (problem instanceof SallyportError && !problem.retryable) return
        await sleep(pauseAt(attempt, backoff), closing.signal)
      }
    }
  }

  function renew(): Promise<void> {
    renewing ??= reopen().finally(() => {
      renewing = undefined
    })
    return renewing
  }

  async function opened(): Promise<void> {
    try {
      await renew()
    } catch (cause) {
      throw cause instanceof SallyportError ? cause : new NotOpened('No session could be opened.', { cause })
    }
  }

  async function reopen(): Promise<void> {
    isStale = told.initialize !== undefined
    if (told.initialize === undefined || closing.signal.aborted) return
    const connection = current
    const answer = await connection.ask(told.initialize)
    adoptVersion(answer)
    if (told.initialized !== undefined) await connection.send(told.initialized)
    isStale = false
    log('The server had forgotten the session; a new one was opened.')
    for (const request of told.states.values()) await connection.ask(request).catch(() => {})
    for (const notification of changes(answer)) onMessage(notification)
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
    async send(message, signal, onStreamEnd) {
      while (isStale && !isInitializeRequest(message)) await orAborted(opened(), signal)
      signal.throwIfAborted()
      remember(message)
      if (isInitializeRequest(message)) isStale = false
      progress.set(message, 'sent')
      const connection = current
      try {
        await connection.send(message, { signal, headers: toolHeaders.of(message), onStreamEnd })
        progress.set(message, 'taken')
      } catch (problem) {
        progress.delete(message)
        if (problem instanceof SessionLost) lose(connection)
        throw problem
      }
    },
    progressOf: (request) => progress.get(request),
    async close() {
      closing.abort()
      await current.end()
    },
  }
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
