import { afterAll, describe, expect, test } from 'bun:test'
import type { Server } from 'node:http'
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js'
import { requireBearerAuth as requireBearerAuthV1 } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'
import type { OAuthTokenVerifier as VerifierV1 } from '@modelcontextprotocol/sdk/server/auth/provider.js'
import type { AuthInfo as AuthInfoV1 } from '@modelcontextprotocol/sdk/server/auth/types.js'
import { createMcpExpressApp } from '@modelcontextprotocol/sdk/server/express.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import {
  type AuthInfo as AuthInfoV2,
  createMcpHandler,
  McpServer as McpServerV2,
  OAuthError,
  OAuthErrorCode,
  requireBearerAuth as requireBearerAuthV2,
  type OAuthTokenVerifier as VerifierV2,
} from '@modelcontextprotocol/server'
import { sdkVerifier } from '../../server/resource/index.ts'
import { bearerChallenge, createResourceFixture, METADATA_URL, RESOURCE } from '../support/resource-fixture.ts'

/** The middlewares read the system clock, so these tests live in its time. */
const present = { now: () => Math.floor(Date.now() / 1000) }
const bearer = (token: string): RequestInit => ({ headers: { authorization: `Bearer ${token}` } })

const closing: (() => void)[] = []
afterAll(() => {
  for (const close of closing) close()
})

describe('sdkVerifier behind requireBearerAuth of @modelcontextprotocol/sdk 1.x, on Express', () => {
  async function start() {
    const fixture = await createResourceFixture(present)
    fixture.clock.now = present.now()
    const verifier: VerifierV1 = sdkVerifier(fixture.notes, (message) => new InvalidTokenError(message))
    const options = { verifier, resourceMetadataUrl: fixture.notes.metadataUrl, expectedResource: new URL(RESOURCE) }
    const app = createMcpExpressApp()
    const guard = requireBearerAuthV1({ ...options, requiredScopes: ['notes:read'] })
    app.get('/mcp', guard, ({ auth }: { auth?: AuthInfoV1 }, response: { json(body: unknown): void }) =>
      response.json({ clientId: auth?.clientId, extra: auth?.extra, token: auth?.token }),
    )
    const server: Server = app.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    closing.push(() => server.close())
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('not listening')
    return { ...fixture, call: (init?: RequestInit) => fetch(`http://127.0.0.1:${address.port}/mcp`, init) }
  }

  test('RS-040 RS-042 a good token passes, its fingerprint in place of itself', async () => {
    const { call, issuer } = await start()
    const response = await call(bearer(await issuer.sign({ jti: 'token-1' })))
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({
      clientId: 'client-1',
      extra: { sub: 'alice', iss: issuer.issuer, jti: 'token-1' },
      token: expect.stringMatching(/^sha-256:/),
    })
  })

  test('RS-031 a broader scope passes, because the hierarchy is expanded', async () => {
    const { call, issuer } = await start()
    expect((await call(bearer(await issuer.sign({ scope: 'notes:admin' })))).status).toBe(200)
    expect((await call(bearer(await issuer.sign({ scope: 'other' })))).status).toBe(403)
  })

  test('RS-020 RS-043 a bad token is 401 with the metadata URL', async () => {
    const { call, clock, issuer } = await start()
    const bad = [
      undefined,
      bearer('x'),
      bearer(await issuer.sign({ aud: 'https://x.example' })),
      bearer(await issuer.sign({ exp: clock.now - 60 })),
    ]
    for (const init of bad) {
      const response = await call(init)
      expect(response.status).toBe(401)
      expect(bearerChallenge(response)).toMatchObject({ error: 'invalid_token', resource_metadata: METADATA_URL })
    }
  })

  test('trouble with the authorization server is not 401', async () => {
    const { call, issuer } = await start()
    issuer.answer(issuer.jwksUri, () => new Response(null, { status: 500 }))
    const response = await call(bearer(await issuer.sign()))
    expect(response.status).toBe(500)
    expect(response.headers.has('www-authenticate')).toBe(false)
  })
})

describe('sdkVerifier behind requireBearerAuth of @modelcontextprotocol/server 2.x', () => {
  async function start() {
    const fixture = await createResourceFixture(present)
    fixture.clock.now = present.now()
    const verifier: VerifierV2 = sdkVerifier(
      fixture.notes,
      (message) => new OAuthError(OAuthErrorCode.InvalidToken, message),
    )
    const gate = requireBearerAuthV2({
      verifier,
      requiredScopes: ['notes:read'],
      resourceMetadataUrl: fixture.notes.metadataUrl,
      expectedResource: new URL(RESOURCE),
    })
    return {
      ...fixture,
      gate: (init?: RequestInit): Promise<AuthInfoV2 | Response> => gate(new Request(RESOURCE, init)),
    }
  }

  test('RS-040 RS-042 a good token passes, its fingerprint in place of itself', async () => {
    const { gate, issuer } = await start()
    expect(await gate(bearer(await issuer.sign({ scope: 'notes:write' })))).toMatchObject({
      clientId: 'client-1',
      scopes: ['notes:write', 'notes:read'],
      token: expect.stringMatching(/^sha-256:/),
      resourceMetadataUrl: METADATA_URL,
    })
  })

  test('RS-020 RS-043 a bad token is 401, trouble is not', async () => {
    const { gate, issuer } = await start()
    const refused = await gate(bearer(await issuer.sign({ aud: 'https://x.example' })))
    expect(refused).toHaveProperty('status', 401)
    if (refused instanceof Response) expect(bearerChallenge(refused)['resource_metadata']).toBe(METADATA_URL)
    const down = await start()
    down.issuer.answer(down.issuer.jwksUri, () => Promise.reject(new TypeError('fetch failed')))
    expect(await down.gate(bearer(await down.issuer.sign()))).toHaveProperty('status', 500)
  })
})

describe('AuthInfo reaches the request handlers of both generations', () => {
  const headers = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' }
  const call = { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'whoami', arguments: {} } }

  test('@modelcontextprotocol/sdk 1.x, web-standard transport', async () => {
    const { issuer, notes } = await createResourceFixture()
    const serve = notes.serve(async (request, authInfo) => {
      const server = new McpServer({ name: 'test', version: '1' })
      server.registerTool('whoami', {}, ({ authInfo: seen }: { authInfo?: AuthInfoV1 }) => ({
        content: [{ type: 'text', text: `${seen?.clientId} ${seen?.extra?.['sub']} ${seen?.resource?.href}` }],
      }))
      const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true })
      await server.connect(transport)
      return transport.handleRequest(request, { authInfo })
    })
    const authorization = `Bearer ${await issuer.sign()}`
    const init = { method: 'POST', headers: { ...headers, authorization }, body: JSON.stringify(call) }
    const response = await serve(new Request(RESOURCE, init))
    expect(await response.json()).toMatchObject({
      id: 7,
      result: { content: [{ text: `client-1 alice ${RESOURCE}` }] },
    })
  })

  test('@modelcontextprotocol/server 2.x, on the 2026-07-28 wire', async () => {
    const { issuer, notes } = await createResourceFixture()
    const handler = createMcpHandler(() => {
      const server = new McpServerV2({ name: 'test', version: '1' })
      server.registerTool('whoami', {}, (context) => ({
        content: [
          { type: 'text', text: `${context.http?.authInfo?.clientId} ${context.http?.authInfo?.resource?.href}` },
        ],
      }))
      return server
    })
    const serve = notes.serve((request, authInfo) => handler.fetch(request, { authInfo }))
    const authorization = `Bearer ${await issuer.sign()}`
    const modern = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'whoami' }
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    }
    const body = JSON.stringify({ ...call, params: { ...call.params, _meta: meta } })
    const init = { method: 'POST', headers: { ...headers, ...modern, authorization }, body }
    const response = await serve(new Request(RESOURCE, init))
    expect(await response.text()).toContain(`client-1 ${RESOURCE}`)
    await handler.close()
  })
})
