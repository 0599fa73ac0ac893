/**
 * DPoP: tokens that are of no use to whoever steals them. With `required` the session takes no other, from nobody.
 *
 * @see RFC 9449
 * @module
 */
import assert from 'node:assert/strict'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { createSession } from '../client/index.ts'
import { loopback } from '../client/node/index.ts'
import { startDemo, visit } from './start-demo.ts'

const server = await startDemo()
let onTheWire: Headers | undefined
const session = createSession(server.url, {
  dpop: 'required',
  interaction: loopback({ open: visit, show: () => {} }),
  // Somebody who listens in.
  fetch: (input, init) => {
    const { headers } = new Request(input, init)
    if (headers.has('authorization')) onTheWire = headers
    return fetch(input, init)
  },
})

const grant = await session.authorize()
assert.equal(grant.tokenType, 'DPoP')
const client = new Client({ name: 'my-host', version: '1.0.0' })
await client.connect(new StreamableHTTPClientTransport(new URL(session.resource), { fetch: session.fetch }))
assert.match(JSON.stringify(await client.callTool({ name: 'whoami' })), /user/)

// What was overheard is worth nothing: not as Bearer, and not with the proof of a request that has been.
const token = /^DPoP (\S+)$/.exec(onTheWire?.get('authorization') ?? '')?.[1] ?? assert.fail('no token was sent')
const proof = onTheWire?.get('dpop') ?? assert.fail('no proof was sent')
for (const stolen of [{ authorization: `Bearer ${token}` }, { authorization: `DPoP ${token}`, dpop: proof }]) {
  const answer = await fetch(server.url, {
    method: 'POST',
    headers: { ...stolen, 'content-type': 'application/json' },
    body: '{}',
  })
  assert.equal(answer.status, 401)
}

await client.close()
await server.close()
console.log('a stolen token opened nothing')
