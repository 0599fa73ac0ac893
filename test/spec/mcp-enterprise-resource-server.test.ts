/**
 * MCP servers and the tokens of enterprise-managed authorization and workload identity federation: they are validated as all others are, and nothing else of
 * the request, an assertion least of all, is a token.
 *
 * @see MCP extension io.modelcontextprotocol/enterprise-managed-authorization, section 5.1
 * @see MCP extension io.modelcontextprotocol/auth/wif, a draft (SEP-1933)
 * @see RFC 9068 section 4
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { decodeJwt } from 'jose'
import { protectResource } from '../../server/resource/index.ts'
import { RESOURCE, type TestServer } from '../support/authorization-server.ts'
import { createCompany, createFederation } from '../support/trusted-issuers.ts'

const company = await createCompany()
const federation = await createFederation()
afterAll(() => Promise.all([company.server.close(), federation.server.close()]))

/** How an MCP server answers to a call with this token. */
async function call(server: TestServer, token: string, { resource = RESOURCE, later = 0 } = {}) {
  const mcp = protectResource({
    resource,
    authorizationServers: [server.issuer],
    scopes: ['notes:read'],
    fetch: (input, init) => server.fetch(new Request(input, init)),
    isRevoked: async (claims) => !(await server.as.isLive(claims)),
    now: () => server.clock.now + later,
  })
  const serve = mcp.serve(async (_, { extra }) => Response.json({ sub: extra.sub }))
  const response = await serve(new Request(resource, { headers: { authorization: `Bearer ${token}` } }))
  return response.status === 200 ? (await response.json()).sub : response.status
}

const cases = [
  ['EMA-S01', company.server, () => company.jag(), company.redeem, /^usr_/],
  ['WIF-S1', federation.server, () => federation.sign(), federation.ask, /^workload:nightly$/],
] as const

describe.each(cases)('%s a token', (_, server, assert, redeem, subject) => {
  const tokenOf = async (): Promise<string> => (await (await redeem(await assert())).json()).access_token

  test('MUST be for this server, good now, and signed as it is', async () => {
    const token = await tokenOf()
    expect(await call(server, token)).toMatch(subject)
    expect(await call(server, token, { resource: 'https://other.example/mcp' })).toBe(401)
    expect(await call(server, token, { later: 1000 })).toBe(401)
    const [header, payload, signature = ''] = token.split('.')
    expect(
      await call(server, `${header}.${payload}.${signature.replace(/^./, (one) => (one === 'A' ? 'B' : 'A'))}`),
    ).toBe(401)
  })

  test('is not what it was got for', async () => {
    expect(await call(server, await assert())).toBe(401)
  })

  test('that was revoked is worth nothing', async () => {
    const token = await tokenOf()
    const { jti = '' } = decodeJwt(token)
    await server.store.revokedTokens.remember(jti, server.clock.now + 900)
    expect(await call(server, token)).toBe(401)
  })
})
