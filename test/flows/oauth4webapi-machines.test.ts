/**
 * An independent client library drives what has no person in it: client credentials, introspection and revocation, with each way of client
 * authentication, its own checks switched on.
 *
 * @see MCP extension io.modelcontextprotocol/oauth-client-credentials
 * @module
 */
import { afterEach, describe, expect, test } from 'bun:test'
import * as oauth from 'oauth4webapi'
import { addSecretClient, addSigningClient } from '../support/confidential-clients.ts'
import { createTestDemo, type TestDemo } from '../support/demo.ts'

const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

/** What this library gives to `fetch`, as far as it matters in one process. */
interface Sent {
  readonly method: string
  readonly headers: Record<string, string>
  readonly body?: URLSearchParams | undefined
}

const via = (demo: TestDemo) => ({
  [oauth.customFetch]: (url: string, { method, headers, body }: Sent) =>
    demo.fetch(url, { method, headers, ...(body === undefined ? {} : { body }) }),
})

async function start(path = '') {
  const demo = await createTestDemo({
    issuer: `https://demo.example${path}`,
    client_credentials: { enabled: true },
  })
  open.push(() => demo.close())
  const issuer = new URL(demo.issuer)
  const discovered = await oauth.discoveryRequest(issuer, { ...via(demo), algorithm: 'oauth2' })
  return { demo, as: await oauth.processDiscoveryResponse(issuer, discovered) }
}

interface Machine {
  readonly client: oauth.Client
  readonly auth: oauth.ClientAuth
}

async function withSecret(demo: TestDemo, auth: (secret: string) => oauth.ClientAuth): Promise<Machine> {
  const { id, secret } = await addSecretClient(demo)
  return { client: { client_id: id }, auth: auth(secret) }
}

async function withKey(demo: TestDemo, algorithm: 'ES256' | 'RS256' | 'PS256' | 'EdDSA'): Promise<Machine> {
  const { id, key } = await addSigningClient(demo, {}, algorithm)
  // The test's clock is not the system's.
  const client = { client_id: id, [oauth.clockSkew]: demo.clock.now - Math.floor(Date.now() / 1000) }
  return { client, auth: oauth.PrivateKeyJwt({ key, kid: 'one' }) }
}

const machines: readonly [string, (demo: TestDemo) => Promise<Machine>][] = [
  ['client_secret_basic', (demo) => withSecret(demo, oauth.ClientSecretBasic)],
  ['client_secret_post', (demo) => withSecret(demo, oauth.ClientSecretPost)],
  ['private_key_jwt, ES256', (demo) => withKey(demo, 'ES256')],
  ['private_key_jwt, RS256', (demo) => withKey(demo, 'RS256')],
  ['private_key_jwt, PS256', (demo) => withKey(demo, 'PS256')],
  ['private_key_jwt, EdDSA', (demo) => withKey(demo, 'EdDSA')],
]

describe.each([
  ['an issuer without a path', ''],
  ['an issuer with a path', '/tenant'],
])('%s', (_, path) => {
  test.each(machines)('CC-C1 CC-S1 %s: a token, a call, introspection, revocation', async (_, machine) => {
    const { demo, as } = await start(path)
    expect(as.grant_types_supported).toContain('client_credentials')
    const { client, auth } = await machine(demo)

    const parameters = { resource: demo.mcpUrl, scope: 'notes:read' }
    const answer = await oauth.clientCredentialsGrantRequest(as, client, auth, parameters, via(demo))
    const tokens = await oauth.processClientCredentialsResponse(as, client, answer)
    expect(tokens).toMatchObject({ token_type: 'bearer', scope: 'notes:read', expires_in: 900 })
    expect(tokens.refresh_token).toBeUndefined()

    const call = () =>
      demo.fetch(demo.mcpUrl, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${tokens.access_token}`,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'whoami' } }),
      })
    expect((await call()).status).toBe(200)

    const look = async () =>
      oauth.processIntrospectionResponse(
        as,
        client,
        await oauth.introspectionRequest(as, client, auth, tokens.access_token, via(demo)),
      )
    expect(await look()).toMatchObject({ active: true, sub: client.client_id, aud: demo.mcpUrl, scope: 'notes:read' })

    const revocation = await oauth.revocationRequest(as, client, auth, tokens.access_token, via(demo))
    expect(await oauth.processRevocationResponse(revocation)).toBeUndefined()
    expect(await look()).toEqual({ active: false })
    // The server of the resource is in the same process and asks, too.
    expect((await call()).status).toBe(401)
  })
})

test('RFC 9068 section 4 an independent validator accepts a token without a person', async () => {
  const { demo, as } = await start()
  const { client, auth } = await withSecret(demo, oauth.ClientSecretBasic)
  const parameters = { resource: demo.mcpUrl, scope: 'notes:read' }
  const answer = await oauth.clientCredentialsGrantRequest(as, client, auth, parameters, via(demo))
  const { access_token } = await oauth.processClientCredentialsResponse(as, client, answer)
  const request = new Request(demo.mcpUrl, { headers: { authorization: `Bearer ${access_token}` } })
  const claims = await oauth.validateJwtAccessToken(as, request, demo.mcpUrl, {
    ...via(demo),
    signingAlgorithms: ['ES256'],
    [oauth.clockSkew]: demo.clock.now - Math.floor(Date.now() / 1000),
  })
  expect(claims).toMatchObject({ sub: client.client_id, client_id: client.client_id, aud: demo.mcpUrl })
})
