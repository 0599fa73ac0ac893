/**
 * MCP servers of both SDK generations as plain request handlers, to stand behind the fake world's protection.
 *
 * @module
 */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import { createMcpHandler, McpServer as McpServerV2 } from '@modelcontextprotocol/server'

const greeting = { content: [{ type: 'text' as const, text: 'hello' }] }

/** A stateless server of the 1.x line with one tool. */
export async function handleWithV1(request: Request): Promise<Response> {
  const server = new McpServer({ name: 'fake', version: '1.0.0' })
  server.registerTool('greet', {}, () => greeting)
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true })
  await server.connect(transport)
  return transport.handleRequest(request)
}

/** A server of the 2.x line with one tool; it speaks both wires. */
export function createV2Handler(): (request: Request) => Promise<Response> {
  const handler = createMcpHandler(() => {
    const server = new McpServerV2({ name: 'fake', version: '1.0.0' })
    server.registerTool('greet', {}, () => greeting)
    return server
  })
  return (request) => handler.fetch(request)
}
