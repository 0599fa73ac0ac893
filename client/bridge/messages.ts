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

/** The messages of a line: one, or several from a host of the days of batches; `undefined` for what is no JSON-RPC. */
export function parseLine(line: string): readonly JSONRPCMessage[] | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return (Array.isArray(value) ? value : [value]).map((one) => parseJSONRPCMessage(one))
  } catch {
    return undefined
  }
}
