/**
 * How long access tokens are valid: by default, and where a resource says otherwise.
 *
 * @see RFC 6749 section 5.1: `expires_in`
 * @see docs/adr/0109-lifetimes-per-resource.md
 * @module
 */
import { expect, test } from 'bun:test'
import { decodeJwt } from 'jose'
import type { ConfigInput } from '../../server/config.ts'
import {
  codeForm,
  createTestServer,
  obtainCode,
  obtainTokens,
  postForm,
  RESOURCE,
  registerClient,
  type TestServer,
  type Tokens,
} from '../support/authorization-server.ts'

const DAY = 24 * 60 * 60
const scopes = { 'notes:read': 'Read', 'notes:write': 'Write' }

async function withServer(config: ConfigInput, run: (server: TestServer, clientId: string) => Promise<void>) {
  const server = await createTestServer(config)
  const { client_id } = await registerClient(server)
  await run(server, client_id)
  await server.close()
}

const lifetimes = ({ access_token, expires_in }: Tokens): readonly number[] => {
  const { exp = 0, iat = 0 } = decodeJwt(access_token)
  return [expires_in, exp - iat]
}

const refresh = async (server: TestServer, { refresh_token }: Tokens, client_id: string): Promise<Tokens> =>
  (await postForm(server, '/oauth/token', { grant_type: 'refresh_token', refresh_token, client_id })).json()

test.each([
  ['the default', undefined, undefined, 900],
  ['the setting', 600, undefined, 600],
  ["the resource's, shorter", 600, 60, 60],
  ["the resource's, longer", 600, DAY, DAY],
])('AS-066 ADR 0109 %s counts for code and refresh, and expires_in says so', async (_, lifetime, own, expected) => {
  const resource = { identifier: RESOURCE, scopes, ...(own && { access_token_lifetime: own }) }
  await withServer({ resources: [resource], ...(lifetime && { access_token: { lifetime } }) }, async (server, id) => {
    const first = await obtainTokens(server, id)
    expect(lifetimes(first)).toEqual([expected, expected])
    expect(lifetimes(await refresh(server, first, id))).toEqual([expected, expected])
  })
})

test('ADR 0109 an access token does not outlive its grant, whatever the resource says', () =>
  withServer(
    {
      resources: [{ identifier: RESOURCE, scopes, access_token_lifetime: DAY }],
      refresh: { idle_lifetime: 50, absolute_lifetime: 100 },
    },
    async (server, id) => {
      const first = await obtainTokens(server, id)
      expect(lifetimes(first)).toEqual([100, 100])
      server.clock.now += 40
      expect(lifetimes(await refresh(server, first, id))).toEqual([60, 60])
    },
  ))

test('ADR 0109 what is changed in the store counts for the next token', () =>
  withServer({}, async (server, id) => {
    const identifier = 'https://other.example/mcp'
    const put = (accessTokenLifetime: number | null) =>
      server.store.resources.put({
        identifier,
        aliases: [],
        name: null,
        scopes,
        scopeHierarchy: {},
        defaultScopes: null,
        accessTokenLifetime,
        dpop: 'optional',
      })
    await put(120)
    const code = await obtainCode(server, id, { resource: identifier })
    const form = { ...codeForm(id, code), resource: identifier }
    const first: Tokens = await (await postForm(server, '/oauth/token', form)).json()
    expect(lifetimes(first)).toEqual([120, 120])
    await put(30)
    const second = await refresh(server, first, id)
    expect(lifetimes(second)).toEqual([30, 30])
    await put(null)
    expect(lifetimes(await refresh(server, second, id))).toEqual([900, 900])
    // The other resource of the same server is not concerned.
    expect(lifetimes(await obtainTokens(server, id))).toEqual([900, 900])
  }))
