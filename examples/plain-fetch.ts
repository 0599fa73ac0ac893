/**
 * No SDK: `session.fetch` is `fetch`, with a token for the one resource and for nothing else.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { AuthorizationRequiredError, createSession } from '../client/index.ts'
import { loopback } from '../client/node/index.ts'
import { startDemo, visit } from './start-demo.ts'

const server = await startDemo()
const session = createSession(server.url, { interaction: loopback({ open: visit, show: () => {} }) })

const call = (name: string): Promise<Response> =>
  session.fetch(session.resource, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-11-25',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} } }),
  })

// It never waits for a person by itself: it says that one is needed.
await assert.rejects(call('whoami'), AuthorizationRequiredError)
await session.authorize()
const answer = await call('whoami')
assert.equal(answer.status, 200)
assert.match(await answer.text(), /notes:read/)

// Whatever else is asked for passes through, without the token.
const elsewhere = await session.fetch(`${server.issuer}/.well-known/oauth-authorization-server`)
assert.equal((await elsewhere.json()).issuer, server.issuer)

await server.close()
console.log('called with a token, and only where it belongs')
