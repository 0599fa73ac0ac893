/**
 * A host in a process of its own that calls one tool: `bun test/support/one-call.ts MCP_URL DIRECTORY`. Its credential is in the
 * directory; it writes the status of the answer, or what went wrong.
 *
 * @module
 */
import { createSession, SallyportError } from '../../client/index.ts'
import { fileStore } from '../../client/node/index.ts'
import { callTool } from './mcp-call.ts'

const [url = '', directory = ''] = process.argv.slice(2)
const session = createSession(url, { store: fileStore({ directory }) })
try {
  console.log((await callTool(session.fetch, url, 'whoami')).status)
} catch (error) {
  console.log(error instanceof SallyportError ? error.code : error)
}
