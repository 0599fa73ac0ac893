/**
 * A company decides what its people's applications may use: the person signs in at the company, once; the host gets tokens for a product's MCP
 * server by the company's word, and no page of the product opens. When somebody leaves the company, that was that.
 *
 * @see MCP extension io.modelcontextprotocol/enterprise-managed-authorization
 * @module
 */
import assert from 'node:assert/strict'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { exportJWK, generateKeyPair } from 'jose'
import { crossAppAccess } from '../../client/grants/index.ts'
import { createSession, follow, hasCode, privateKeyJwt } from '../../client/index.ts'
import { prepareDemo } from '../start-demo.ts'

// Two servers that know nothing of each other yet: the company's, where people are signed in, and that of a product.
const atCompany = await prepareDemo()
const atProduct = await prepareDemo()

// The host is registered at both, with a key each: sallyport clients add --token-exchange, and sallyport clients add --enterprise
const keys = { company: await newKey(), product: await newKey() }
const redirectUris = ['http://127.0.0.1/callback']
const hostAtCompany = await atCompany.addClient({
  name: 'Host',
  redirectUris,
  tokenExchange: true,
  proof: keys.company.proof,
})
const hostAtProduct = await atProduct.addClient({ name: 'Host of Acme', enterprise: true, proof: keys.product.proof })

// The company says which of its applications may go where, the product whose word it takes.
const clients = { [hostAtCompany]: hostAtProduct }
const scopes = ['notes:read', 'notes:write']
const company = await atCompany.start({
  id_jag: { enabled: true, audiences: [{ issuer: atProduct.issuer, clients, resources: [atProduct.url], scopes }] },
})
const product = await atProduct.start({
  xaa: {
    enabled: true,
    providers: [{ issuer: company.issuer, subjects: 'auto_map', rules: [{ clients: [hostAtProduct] }] }],
  },
})

// The person signs in at the company. (With another provider: whatever it gave the host, as `identity: () => idToken`.)
const { now } = product
const signedIn = createSession(company.url, {
  client: { id: hostAtCompany, issuer: company.issuer, auth: keys.company.auth, redirectUris },
  interaction: follow(),
  now,
})
await signedIn.authorize()

// From here on nobody is asked. Each token of the product begins with the company's word for the person.
const session = createSession(product.url, {
  grant: crossAppAccess({
    idp: { issuer: company.issuer, client: { id: hostAtCompany, auth: keys.company.auth } },
    identity: signedIn,
  }),
  client: { id: hostAtProduct, issuer: product.issuer, auth: keys.product.auth },
  now,
})
const client = new Client({ name: 'host', version: '1.0.0' })
await client.connect(new StreamableHTTPClientTransport(new URL(session.resource), { fetch: session.fetch }))
assert.match(JSON.stringify(await client.callTool({ name: 'whoami' })), new RegExp(hostAtProduct))
later(16 * 60)
assert.match(JSON.stringify(await client.callTool({ name: 'notes_add', arguments: { text: 'Renewed' } })), /Renewed/)

// Somebody leaves: sallyport users disable demo, at the company alone. What was vouched for ends within minutes.
await company.disable('demo')
later(16 * 60)
await assert.rejects(client.callTool({ name: 'notes_list' }), (error) =>
  hasCode(error, 'authorization_required', 'identity_rejected'),
)

await client.close()
await Promise.all([product.close(), company.close()])
console.log('the company let somebody in, and out again')

function later(seconds: number): void {
  company.wait(seconds)
  product.wait(seconds)
}

/** A key of the host's: the public part for whoever registers it. */
async function newKey() {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256' }] }
  return { auth: privateKeyJwt(privateKey), proof: { type: 'keys', jwks } } as const
}
