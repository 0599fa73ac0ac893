/**
 * Which scopes the JSON-RPC messages of a request need.
 *
 * @see MCP 2026-07-28, authorization, scope challenges: all scopes of the operation in one challenge
 * @see JSON-RPC 2.0 section 6: batches, which the 2025-03-26 revision of MCP allows
 *
 * @standard JSON-RPC: JSON-RPC 2.0
 * @status used
 * @does messages and batches, judged before the server of the resource sees them
 * @published https://www.jsonrpc.org/specification
 * @module
 */
import { unionScopes } from '../../shared/scope.ts'

/** One JSON-RPC request or notification. `tool` is set for `tools/call`. */
export interface Operation {
  readonly method: string
  readonly tool?: string
  readonly params: Readonly<Record<string, unknown>>
}

/** By the tool's name, or decided for each operation, whose parameters may matter. */
export type ToolScopes = Readonly<Record<string, readonly string[]>> | ((operation: Operation) => readonly string[])

/** Every scope that the operations need. */
export const requiredScopes = (operations: readonly Operation[], toolScopes: ToolScopes = {}): readonly string[] =>
  unionScopes(...operations.map((operation) => scopesOf(operation, toolScopes)))

function scopesOf(operation: Operation, toolScopes: ToolScopes): readonly string[] {
  if (typeof toolScopes === 'function') return toolScopes(operation)
  const { tool } = operation
  return tool !== undefined && Object.hasOwn(toolScopes, tool) ? (toolScopes[tool] ?? []) : []
}

/**
 * The operations of a single message or a batch; `null` when the body is neither. The body decides, whatever `Mcp-Method` and `Mcp-Name` say: it
 * is what will run. What cannot be read for certain is not passed on, since a more lenient reader might find an operation in it.
 */
export function readOperations(body: Uint8Array): readonly Operation[] | null {
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    return null
  }
  const operations: Operation[] = []
  for (const message of Array.isArray(parsed) ? parsed : [parsed]) {
    if (!isRecord(message)) return null
    // A response to a request of the server's has no method and runs nothing.
    if (message['method'] === undefined) continue
    const operation = readOperation(message)
    if (operation === null) return null
    operations.push(operation)
  }
  return operations
}

function readOperation({ method, params = {} }: Record<string, unknown>): Operation | null {
  if (typeof method !== 'string' || !isRecord(params)) return null
  if (method !== 'tools/call') return { method, params }
  const { name: tool } = params
  return typeof tool === 'string' ? { method, tool, params } : null
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
