/**
 * Step-up: an operation needs more scope than was granted. The session says which, a person agrees, and the call is repeated. The old token
 * stays good for everything else meanwhile.
 *
 * @see MCP 2026-07-28, authorization, "Step-Up Authorization Flow"
 * @module
 */
import assert from 'node:assert/strict'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { AuthorizationRequiredError, createSession } from '../client/index.ts'
import { loopback } from '../client/node/index.ts'
import { startDemo, visit } from './start-demo.ts'

const server = await startDemo()
const session = createSession(server.url, { interaction: loopback({ open: visit, show: () => {} }) })
await session.authorize()
const client = new Client({ name: 'my-host', version: '1.0.0' })
await client.connect(new StreamableHTTPClientTransport(new URL(session.resource), { fetch: session.fetch }))

const asked: string[] = []

/** Calls a tool, and once more after a person has agreed to what it lacks. */
async function callTool(name: string) {
  try {
    return await client.callTool({ name })
  } catch (error) {
    // Both SDKs let it through as it is.
    if (!(error instanceof AuthorizationRequiredError)) throw error
    asked.push(error.code)
    // What was granted, what was asked for, and what is needed now: nothing gets lost.
    await session.authorize({ scope: error.scope })
    return client.callTool({ name })
  }
}

assert.match(JSON.stringify(await callTool('notes_list')), /text/)
assert.match(JSON.stringify(await callTool('notes_clear')), /deleted/)
assert.match(JSON.stringify(await callTool('whoami')), /notes:admin/)
assert.deepEqual(asked, ['insufficient_scope'])

await client.close()
await server.close()
console.log('asked for more scope once, when it was needed')
