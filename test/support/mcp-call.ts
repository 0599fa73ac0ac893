/**
 * A tool call as one HTTP request, without an SDK.
 *
 * @see MCP 2025-11-25, transports, streamable HTTP
 * @module
 */
import * as v from 'valibot'
import type { TestDemo } from './demo.ts'

type Fetch = TestDemo['fetch']

/** Calls a tool. `headers`: beside the ordinary ones, e.g. a token. */
export function callTool(
  send: Fetch,
  url: string,
  name: string,
  args: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return send(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-06-18',
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } }),
  })
}

const ToolAnswer = v.object({
  result: v.object({ content: v.tuple([v.object({ type: v.literal('text'), text: v.string() })]) }),
})

/** What a tool of the demo answered: JSON in a text. */
export async function toolResult(response: Response): Promise<unknown> {
  if (response.status !== 200) throw new Error(`the tool call was answered ${response.status}`)
  return JSON.parse(v.parse(ToolAnswer, await response.json()).result.content[0].text)
}
