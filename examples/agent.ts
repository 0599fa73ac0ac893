/**
 * An agent without a human: client credentials, and a key in place of a secret (`private_key_jwt`). The administrator registers the public key;
 * the private one never leaves the agent.
 *
 * @see RFC 6749 section 4.4 and RFC 7523 section 2.2
 * @module
 */
import assert from 'node:assert/strict'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { exportJWK, generateKeyPair } from 'jose'
import { clientCredentials, createSession, privateKeyJwt } from '../client/index.ts'
import { startDemo } from './start-demo.ts'

const server = await startDemo()

// The administrator: sallyport clients add --name "Night shift" --client-credentials --jwks public.json --scope notes:read notes:write
const pair = await generateKeyPair('ES256')
const id = await server.addClient({
  name: 'Night shift',
  clientCredentials: true,
  proof: { type: 'keys', jwks: { keys: [{ ...(await exportJWK(pair.publicKey)), alg: 'ES256', kid: 'night-1' }] } },
  scopeCeiling: ['notes:read', 'notes:write'],
})

const session = createSession(server.url, {
  // What to ask for says the resource, here as for people.
  grant: clientCredentials(),
  // `issuer` says who may see a signature of this key. A JWK or a CryptoKey will do, also one that cannot be exported.
  client: { id, issuer: server.issuer, auth: privateKeyJwt(pair.privateKey, { kid: 'night-1' }) },
  // Only so that time flies, further down.
  now: server.now,
})

// Nobody has to be waited for, so the first call gets a token by itself, and the next one after each expiry.
const client = new Client({ name: 'night-shift', version: '1.0.0' })
await client.connect(new StreamableHTTPClientTransport(new URL(session.resource), { fetch: session.fetch }))
assert.match(JSON.stringify(await client.callTool({ name: 'whoami' })), new RegExp(id))
server.wait(16 * 60)
assert.match(JSON.stringify(await client.callTool({ name: 'notes_list' })), /text/)

await client.close()
await server.close()
console.log('an agent signed in with its key')
