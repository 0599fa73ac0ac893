/**
 * What the bridge has to know of a message to treat it right.
 *
 * @see MCP 2026-07-28, basic: each request says its protocol version in `_meta`
 * @module
 */
import {
  isJSONRPCRequest,
  type JSONRPCMessage,
  type JSONRPCRequest,
  PROTOCOL_VERSION_META_KEY,
  parseJSONRPCMessage,
  type RequestId,
} from '@modelcontextprotocol/client'

/** The version that a request of the newer wire states; `undefined` on the older one, where a connection has one. */
export function protocolVersionOf(message: JSONRPCMessage): string | undefined {
  const version = isJSONRPCRequest(message) ? message.params?._meta?.[PROTOCOL_VERSION_META_KEY] : undefined
  return typeof version === 'string' ? version : undefined
}

/** Requests that change nothing, so that sending them twice does no harm. */
const READS =
  /^(?:initialize|ping|server\/discover|subscriptions\/listen|completion\/complete|prompts\/get|resources\/read|.+\/list)$/

export const isRepeatable = (message: JSONRPCMessage): boolean =>
  isJSONRPCRequest(message) && READS.test(message.method)

/** A request that stays open for as long as the host listens. */
export const isListening = (message: JSONRPCMessage): boolean =>
  isJSONRPCRequest(message) && message.method === 'subscriptions/listen'

/** What a server keeps for a session and forgets with it: the key under which the newest request of the kind is remembered. */
export function stateKey({ method, params }: JSONRPCRequest): string | undefined {
  if (method === 'logging/setLevel') return method
  if (method === 'resources/subscribe' || method === 'resources/unsubscribe')
    return `resource ${String(params?.['uri'])}`
  return undefined
}

/** What a line holds: messages, and answers to what is none. */
export interface Line {
  readonly messages: readonly JSONRPCMessage[]
  readonly refusals: readonly Refusal[]
}

/** A JSON-RPC error for what is no message. `id` is the request's, where it has one. */
export interface Refusal {
  readonly jsonrpc: '2.0'
  readonly id: RequestId | null
  readonly error: { readonly code: -32700 | -32600; readonly message: string }
}

/**
 * Reads a line: one message, or several from a host of the days of batches. Members of a batch stand for themselves, here and in the answers,
 * which come one by one.
 *
 * @see JSON-RPC 2.0 section 5.1: parse error, invalid request; section 6: batches
 * @see MCP 2025-03-26, basic, "Batching": of the versions with sessions, this one alone has it
 */
export function parseLine(line: string): Line {
  const read = parse(line)
  if (read === undefined) return { messages: [], refusals: [refusal(-32700, 'That line is no JSON.')] }
  const { value } = read
  const parts: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (parts.length === 0) return { messages: [], refusals: [refusal(-32600, 'A batch without messages is none.')] }
  const known = parts.map((part) => messageOf(part))
  return {
    messages: known.filter((one) => one !== undefined),
    refusals: parts.flatMap((part, index) =>
      known[index] === undefined ? [refusal(-32600, 'That is no JSON-RPC message.', requestId(part))] : [],
    ),
  }
}

function parse(line: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(line) }
  } catch {
    return undefined
  }
}

function messageOf(value: unknown): JSONRPCMessage | undefined {
  try {
    return parseJSONRPCMessage(value)
  } catch {
    return undefined
  }
}

/** Without a method it is an answer, whose id is of the server's making. */
function requestId(value: unknown): RequestId | null {
  if (typeof value !== 'object' || value === null || !('id' in value && 'method' in value)) return null
  return typeof value.id === 'string' || typeof value.id === 'number' ? value.id : null
}

const refusal = (code: Refusal['error']['code'], message: string, id: RequestId | null = null): Refusal => ({
  jsonrpc: '2.0',
  id,
  error: { code, message },
})
