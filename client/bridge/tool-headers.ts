/**
 * Arguments of tools that the server wants in headers, too: what the schema of the tool says, learnt from lists that pass by.
 *
 * @see MCP 2026-07-28, transports, streamable HTTP, "Custom Headers from Tool Parameters": `x-mcp-header`
 * @module
 */
import {
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  type RequestId,
} from '@modelcontextprotocol/client'
import { protocolVersionOf } from './messages.ts'

export interface ToolHeaders {
  /** Notes what the host asks for. */
  readonly asked: (message: JSONRPCMessage) => void
  /** Notes what the server answers. */
  readonly learn: (message: JSONRPCMessage) => void
  /** The headers of a call. */
  readonly of: (message: JSONRPCMessage) => Readonly<Record<string, string>>
}

/** Where in the arguments the value is, and the header's name. */
interface Declaration {
  readonly path: readonly string[]
  readonly header: string
}

/** So many tools, and lists under way, are known at a time. */
const MAX_TOOLS = 10_000
const MAX_LISTS = 100
const MAX_DEPTH = 20

export function createToolHeaders(): ToolHeaders {
  const lists = new Set<RequestId>()
  const tools = new Map<string, readonly Declaration[]>()
  return {
    asked(message) {
      if (!isJSONRPCRequest(message) || message.method !== 'tools/list') return
      if (lists.size < MAX_LISTS && protocolVersionOf(message) !== undefined) lists.add(message.id)
    },
    learn(message) {
      if (!isJSONRPCResultResponse(message) || !lists.delete(message.id)) return
      for (const tool of arrayOf(message.result['tools'])) {
        const { name, inputSchema } = membersOf(tool)
        if (typeof name === 'string' && tools.size < MAX_TOOLS) tools.set(name, declarationsIn(inputSchema, []))
      }
    },
    of(message) {
      if (!isJSONRPCRequest(message) || message.method !== 'tools/call' || protocolVersionOf(message) === undefined)
        return {}
      const { name, arguments: args } = membersOf(message.params)
      const declared = typeof name === 'string' ? (tools.get(name) ?? []) : []
      return Object.fromEntries(
        declared.flatMap(({ path, header }) => {
          const value = inText(path.reduce((at, key) => membersOf(at)[key], args))
          return value === undefined ? [] : [[`Mcp-Param-${header}`, value]]
        }),
      )
    },
  }
}

function declarationsIn(schema: unknown, path: readonly string[]): readonly Declaration[] {
  if (path.length > MAX_DEPTH) return []
  const members = membersOf(schema)
  const header = members['x-mcp-header']
  // RFC 9110 section 5.6.2: a token.
  const here = typeof header === 'string' && path.length > 0 && /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(header)
  return [
    ...(here ? [{ path, header }] : []),
    ...Object.entries(membersOf(members['properties'])).flatMap(([key, one]) => declarationsIn(one, [...path, key])),
  ]
}

/** A value as a header has it; nothing for what is not there, or has no one form. */
function inText(value: unknown): string | undefined {
  const text = typeof value === 'boolean' || Number.isSafeInteger(value) ? String(value) : value
  if (typeof text !== 'string') return undefined
  const plain = /^[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?$/.test(text) && !/^=\?base64\?.*\?=$/.test(text)
  return plain ? text : `=?base64?${base64(text)}?=`
}

const base64 = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text)))

const arrayOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const membersOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
