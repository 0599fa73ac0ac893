/**
 * The bridge: a host that speaks MCP over lines of text, a server that speaks it over HTTP, and nothing lost between them. Messages
 * pass as they are; only what belongs to a connection (sessions, cancellation, trouble) is acted upon.
 *
 * @see MCP 2025-11-25 and 2026-07-28, transports: stdio, streamable HTTP
 * @see docs/adr/0164-the-bridge-passes-messages.md
 * @module
 */
import {
  isJSONRPCNotification,
  isJSONRPCRequest,
  type JSONRPCMessage,
  type JSONRPCNotification,
  type JSONRPCRequest,
  type RequestId,
} from '@modelcontextprotocol/client'
import type { Fetch } from '../context.ts'
import { sleep } from '../sleep.ts'
import { createDelivery } from './delivery.ts'
import { isListening, isRepeatable, protocolVersionOf } from './messages.ts'
import { BACKOFF, createRemote, type RemoteOptions } from './remote.ts'
import { CONNECTION_LOST, type RpcError, toRpcError } from './rpc-error.ts'
import { pauseAt } from './standing.ts'

/** What a bridge stands on. */
export interface BridgeOptions extends Pick<RemoteOptions, 'resource' | 'headers' | 'backoff' | 'patience'> {
  /** Carries the token: `session.fetch`. */
  readonly fetch: Fetch
  /** Gets a person to sign in, for these scopes beside those that are held; rejects when that does not happen in time. */
  readonly signIn: (scope: readonly string[]) => Promise<void>
  /** Writes a message to the host. */
  readonly toHost: (message: JSONRPCMessage) => void
  /** Tells a person who reads logs. */
  readonly log: (line: string) => void
}

export interface Bridge {
  /** Takes a message of the host; what comes of it goes to `toHost`. */
  readonly fromHost: (message: JSONRPCMessage) => void
  /** Resolves when no request of the host waits for an answer. */
  readonly idle: () => Promise<void>
  /** Ends the session at the server, and everything under way. */
  readonly close: () => Promise<void>
}

/** A request of the host that has no answer yet. */
interface Pending {
  readonly request: JSONRPCRequest
  /** Ends its sending, its stream and its waiting. */
  readonly abort: AbortController
  /** How often it has been sent before, in vain. */
  readonly failures: number
}

/** A server that ends every stream without an answer is not asked for ever. */
const MAX_FAILURES = 3

export function createBridge(options: BridgeOptions): Bridge {
  const { toHost, log } = options
  const backoff = options.backoff ?? BACKOFF
  const pending = new Map<RequestId, Pending>()
  let quiet = Promise.withResolvers<void>()
  const closing = new AbortController()
  const remote = createRemote({ ...options, onMessage: fromServer, onLost: lost })
  const deliver = createDelivery({ ...options, remote })

  function fromHost(message: JSONRPCMessage): void {
    if (isJSONRPCRequest(message)) request(message)
    else if (isJSONRPCNotification(message) && message.method === 'notifications/cancelled') cancel(message)
    else pass(message)
  }

  /** What has no answer: there is nobody to tell of trouble but the log. */
  function pass(message: JSONRPCMessage): void {
    deliver(message, closing.signal).catch((problem) => {
      if (!closing.signal.aborted) log(`A message of the host was lost: ${toRpcError(problem).message}`)
    })
  }

  function request(message: JSONRPCRequest, failures = 0): void {
    const abort = new AbortController()
    const one: Pending = { request: message, abort, failures }
    pending.set(message.id, one)
    const signal = AbortSignal.any([abort.signal, closing.signal])
    const send = async (): Promise<void> => {
      if (failures > 0) await sleep(pauseAt(failures, backoff), signal)
      await deliver(message, signal, { wanted: () => pending.get(message.id) === one, onStreamEnd: () => broken(one) })
    }
    send().catch((problem) => fail(one, toRpcError(problem, message)))
  }

  /** On the newer wire closing the stream is the cancellation; on the older one the server is told. */
  function cancel(message: JSONRPCNotification): void {
    const id = message.params?.['requestId']
    const one = typeof id === 'string' || typeof id === 'number' ? pending.get(id) : undefined
    if (one !== undefined) settle(one.request.id)
    const unheard = one !== undefined && remote.progressOf(one.request) === undefined
    if (one !== undefined && (unheard || protocolVersionOf(one.request) !== undefined)) one.abort.abort()
    else pass(message)
  }

  function fromServer(message: JSONRPCMessage): void {
    const isAnswer = !isJSONRPCRequest(message) && !isJSONRPCNotification(message)
    // An answer to nothing: it was cancelled, or the host has been told of trouble already.
    if (isAnswer && (message.id === undefined || !settle(message.id))) return
    toHost(message)
  }

  function settle(id: RequestId): boolean {
    const was = pending.delete(id)
    if (pending.size === 0) {
      quiet.resolve()
      quiet = Promise.withResolvers()
    }
    return was
  }

  function fail(one: Pending, error: RpcError): void {
    const { id } = one.request
    // A later sending of the same request speaks for itself.
    if (closing.signal.aborted || pending.get(id) !== one) return
    settle(id)
    log(error.message)
    toHost({ jsonrpc: '2.0', id, error })
  }

  /** The stream ended without the answer. What only reads is asked again; of anything else nobody knows whether it was done. */
  function broken(one: Pending): void {
    if (pending.get(one.request.id) !== one) return
    const again = isListening(one.request) || (isRepeatable(one.request) && one.failures < MAX_FAILURES)
    if (again) request(one.request, one.failures + 1)
    else fail(one, CONNECTION_LOST)
  }

  /** The server has forgotten the session, and with it what it was doing. What is being sent to it will be told so. */
  function lost(): void {
    for (const one of [...pending.values()]) if (remote.progressOf(one.request) === 'taken') broken(one)
  }

  return {
    fromHost,
    idle: () => (pending.size === 0 ? Promise.resolve() : quiet.promise),
    async close() {
      closing.abort()
      pending.clear()
      await remote.close()
    },
  }
}
