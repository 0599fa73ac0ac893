/**
 * A small MCP server behind Sallyport's resource module: notes, kept for each user.
 *
 * @see MCP 2025-11-25, transports, streamable HTTP: stateless, so a POST and its answer are all there is
 * @module
 */
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import { CallToolRequestSchema, ErrorCode, ListToolsRequestSchema, McpError } from '@modelcontextprotocol/sdk/types.js'
import * as v from 'valibot'
import { protectResource, type ResourceOptions } from '../../server/resource/index.ts'
import { openNotesStore } from './notes-store.ts'
import { TOOLS, type ToolContext } from './notes-tools.ts'

/** What authorization servers need to know of the scopes, and what a person reads on the consent page. */
export const NOTES_SCOPES = {
  'notes:read': 'Read your notes',
  'notes:write': 'Add notes',
  'notes:admin': 'Delete all your notes',
} as const

export interface NotesServerOptions extends Pick<ResourceOptions, 'allowedOrigins' | 'fetch' | 'isRevoked' | 'report'> {
  /** The URL of the MCP endpoint. */
  readonly resource: string
  readonly issuer: string
  /** A file path, or `:memory:`. */
  readonly database: string
  /** Seconds since the epoch. */
  readonly now?: (() => number) | undefined
}

export interface NotesServer {
  /** Answers what is its own: the endpoint and its well-known paths. `null` for everything else. */
  fetch(request: Request): Promise<Response | null>
  close(): void
}

/** Opens the notes and protects them. Nothing is fetched from the issuer until the first token comes. */
export function createNotesServer(options: NotesServerOptions): NotesServer {
  const { database, issuer, now = () => Math.floor(Date.now() / 1000), resource, ...rest } = options
  const notes = protectResource({
    resource,
    authorizationServers: [issuer],
    resourceName: 'Sallyport demo notes',
    // Not `notes:admin`: a host asks for it when the user really wants to delete.
    scopes: ['notes:read', 'notes:write'],
    scopeHierarchy: { 'notes:write': ['notes:read'], 'notes:admin': ['notes:write'] },
    toolScopes: Object.fromEntries(Object.entries(TOOLS).map(([name, { scopes }]) => [name, scopes])),
    now,
    ...rest,
  })
  const store = openNotesStore(database)
  const serve = notes.serve((request, authInfo) => answer(request, { authInfo, store, now }))
  return {
    fetch: async (request) => (notes.owns(request) ? serve(request) : null),
    close: store.close,
  }
}

const Discover = v.object({ method: v.literal('server/discover'), id: v.union([v.string(), v.number()]) })

async function answer(request: Request, context: ToolContext): Promise<Response> {
  if (request.method !== 'POST') return new Response(null, { status: 405, headers: { allow: 'POST' } })
  const message: unknown = await request.json()

  // Newer clients ask this first. "Method not found" sends them to `initialize`, which is what this SDK speaks.
  if (v.is(Discover, message))
    return Response.json({ jsonrpc: '2.0', id: message.id, error: { code: -32601, message: 'Method not found' } })

  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true })
  const server = createMcpServer(context)
  await server.connect(transport)
  try {
    return await transport.handleRequest(request, { authInfo: context.authInfo, parsedBody: message })
  } finally {
    await server.close()
  }
}

/** One for each request: nothing of one caller's can be left for the next. */
function createMcpServer(context: ToolContext): Server {
  const server = new Server({ name: 'sallyport-demo-notes', version: '0.1.0' }, { capabilities: { tools: {} } })
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: Object.entries(TOOLS).map(([name, { description, inputSchema }]) => ({ name, description, inputSchema })),
  }))
  server.setRequestHandler(CallToolRequestSchema, ({ params }) => {
    const tool = Object.hasOwn(TOOLS, params.name) ? TOOLS[params.name] : undefined
    if (tool === undefined) throw new McpError(ErrorCode.InvalidParams, 'There is no such tool')
    const text = tool.run(params.arguments ?? {}, context)
    if (text === null) throw new McpError(ErrorCode.InvalidParams, 'The arguments do not fit the tool')
    return { content: [{ type: 'text', text }] }
  })
  return server
}
