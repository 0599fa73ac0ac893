/**
 * MCP messages, with the headers that belong to them, and what an MCP server answers to one that it lets through.
 *
 * @see MCP 2025-11-25 and 2026-07-28, transports, Streamable HTTP: sending messages to the server
 * @module
 */
import type { Answer, HeaderRecord } from '../core/http.ts'

export interface Message {
  readonly body: Readonly<Record<string, unknown>>
  readonly headers?: HeaderRecord
}

const CLIENT = { name: 'conformance', version: '1' }

/** What every server with sessions, and most without, understand; nothing comes of it. */
export const INITIALIZE: Message = {
  body: {
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: CLIENT },
  },
}

/** For servers that speak the stateless protocol alone. */
export const DISCOVER: Message = {
  body: {
    jsonrpc: '2.0',
    id: 1,
    method: 'server/discover',
    params: { _meta: metaOf('2026-07-28') },
  },
  headers: { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'server/discover' },
}

/** In the protocol of `hello`: in the session that it opened, or with what a request alone must say. */
export function toolCall(name: string, hello: Message, session: string | null): Message {
  const isStateless = hello === DISCOVER
  const version = isStateless ? '2026-07-28' : '2025-11-25'
  return {
    body: {
      jsonrpc: '2.0',
      id: 2,
      method: 'tools/call',
      params: { name, arguments: {}, ...(isStateless ? { _meta: metaOf(version) } : {}) },
    },
    headers: {
      'mcp-protocol-version': version,
      ...(isStateless ? { 'mcp-method': 'tools/call', 'mcp-name': name } : {}),
      ...(session === null ? {} : { 'mcp-session-id': session }),
    },
  }
}

function metaOf(version: string): Readonly<Record<string, unknown>> {
  return {
    'io.modelcontextprotocol/protocolVersion': version,
    'io.modelcontextprotocol/clientInfo': CLIENT,
    'io.modelcontextprotocol/clientCapabilities': {},
  }
}

/**
 * Whether the server let the request through: it answers what was asked. That it did not answer 401 is not enough: a page, a redirect, a
 * failure or a refusal of another kind say nothing about the token.
 */
export const isAccepted = ({ status, json }: Answer): boolean =>
  status === 200 && json['jsonrpc'] === '2.0' && typeof json['result'] === 'object' && json['result'] !== null

/** The same of a call, which may fail for what it was called with: then the server says so in an answer to this very message. */
export const isAnswered = (answer: Answer, { body }: Message): boolean =>
  isAccepted(answer) ||
  (answer.status === 200 && answer.json['id'] === body['id'] && typeof answer.json['error'] === 'object')

export const LET_THROUGH = 'status 200 with a JSON-RPC result'
