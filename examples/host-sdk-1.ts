/**
 * An MCP host with `@modelcontextprotocol/sdk` 1.x: the session's `fetch` goes into the transport, and nothing else changes.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { createSession } from '../client/index.ts'
import { loopback } from '../client/node/index.ts'
import { startDemo, visit } from './start-demo.ts'

const server = await startDemo()

const session = createSession(server.url, {
  client: { name: 'My host' },
  // In your host: `loopback()`. It opens the person's browser, which nobody has in CI.
  interaction: loopback({ open: visit, show: () => {} }),
  // Only so that time flies, further down.
  now: server.now,
})

// People are asked here, before the transport's timers run. Does nothing when there is a token that can be used or renewed.
await session.authorize()

const client = new Client({ name: 'my-host', version: '1.0.0' })
await client.connect(new StreamableHTTPClientTransport(new URL(session.resource), { fetch: session.fetch }))

const { tools } = await client.listTools()
assert.deepEqual(tools.map(({ name }) => name).sort(), ['notes_add', 'notes_clear', 'notes_list', 'whoami'])
await client.callTool({ name: 'notes_add', arguments: { text: 'Buy bread' } })
assert.match(JSON.stringify(await client.callTool({ name: 'notes_list' })), /Buy bread/)

// Sixteen minutes later the token has expired. The call renews it on the way.
server.wait(16 * 60)
assert.match(JSON.stringify(await client.callTool({ name: 'notes_list' })), /Buy bread/)

// Revokes at the server, then deletes here.
assert.deepEqual(await session.logout(), { revoked: true, deleted: true })
await client.close()
await server.close()
console.log('signed in, called, renewed, signed out')
