/**
 * Resource indicators: which resource a request means, and that a token is for that one alone.
 *
 * @see RFC 8707 section 2
 *
 * @standard RFC 8707: Resource Indicators
 * @status implemented
 * @does one resource per request, which becomes the one audience; the token request may repeat it and not change it
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { decodeJwt } from 'jose'
import {
  approve,
  authorizationQuery,
  codeForm,
  createTestServer,
  obtainCode,
  obtainTokens,
  postForm,
  RESOURCE,
  registerClient,
} from '../support/authorization-server.ts'
import { errorOf, expectError } from '../support/oauth-error.ts'

const OTHER = 'https://other.example/mcp'
const scopes = { 'notes:read': 'Read', 'notes:write': 'Write' }
const server = await createTestServer({
  resources: [
    { identifier: RESOURCE, scopes, aliases: [`${RESOURCE}/`, 'https://mcp.example'] },
    { identifier: OTHER, scopes },
    { identifier: 'urn:example:notes', scopes },
  ],
})
afterAll(() => server.close())
const { client_id } = await registerClient(server)

describe('section 2.1 at the authorization endpoint', () => {
  const refused: readonly [string, string | readonly string[] | undefined][] = [
    ['an unknown one', 'https://mcp.example/other'],
    ['one below it', `${RESOURCE}/sub`],
    ['one above it', 'https://mcp.example/'],
    ['one with a query', `${RESOURCE}?x=1`],
    ['one with an empty query', `${RESOURCE}?`],
    ['section 2 one with a fragment', `${RESOURCE}#x`],
    ['section 2 one with an empty fragment', `${RESOURCE}#`],
    ['section 2 a relative one', '/mcp'],
    ['section 2 one without a scheme', 'mcp.example/mcp'],
    ['one in another case', RESOURCE.toUpperCase()],
    ['one with its default port', 'https://mcp.example:443/mcp'],
    ['one with a dot segment', 'https://mcp.example/./mcp'],
    ['one over http', RESOURCE.replace('https', 'http')],
    ['one with space around it', ` ${RESOURCE} `],
    ['two in one value', `${RESOURCE} ${OTHER}`],
    ['the resource of another alias', `${OTHER}/`],
    ['two that are both known', [RESOURCE, OTHER]],
    ['a known and an unknown one', [RESOURCE, 'https://mcp.example/other']],
    ['an unknown and a known one', ['https://mcp.example/other', RESOURCE]],
    ['none, where there are several', undefined],
    ['an empty one, where there are several', ''],
  ]
  test.each(refused)('AS-049 invalid_target: %s', async (_, resource) => {
    const location = await approve(server, await authorizationQuery(client_id, { resource }))
    expect(errorOf(location)).toMatchObject({ error: 'invalid_target', iss: server.issuer, state: 'state-1' })
  })

  const accepted: readonly [string, string | readonly string[], string][] = [
    ['its identifier', RESOURCE, RESOURCE],
    ['an alias', `${RESOURCE}/`, RESOURCE],
    ['another alias', 'https://mcp.example', RESOURCE],
    ['one that is no web URL', 'urn:example:notes', 'urn:example:notes'],
    ['the same twice', [RESOURCE, RESOURCE], RESOURCE],
    ['identifier and alias', [`${RESOURCE}/`, RESOURCE], RESOURCE],
    ['another resource', OTHER, OTHER],
  ]
  test.each(accepted)('AS-065 the token is for the identifier: %s', async (_, resource, aud) => {
    const code = await obtainCode(server, client_id, { resource })
    const response = await postForm(server, '/oauth/token', { ...codeForm(client_id, code), resource })
    expect(decodeJwt((await response.json()).access_token).aud).toBe(aud)
  })

  test('AS-065 no resource means the only one there is', async () => {
    const single = await createTestServer()
    const client = await registerClient(single)
    const code = await obtainCode(single, client.client_id, { resource: undefined })
    const form = { ...codeForm(client.client_id, code), resource: undefined }
    const tokens = await (await postForm(single, '/oauth/token', form)).json()
    expect(decodeJwt(tokens.access_token).aud).toBe(RESOURCE)
    await single.close()
  })

  test('AS-049 no resource where there is none at all: invalid_target', async () => {
    const none = await createTestServer({ resources: [] })
    const client = await registerClient(none)
    for (const resource of [undefined, RESOURCE]) {
      const location = await approve(none, await authorizationQuery(client.client_id, { resource }))
      expect(errorOf(location)['error']).toBe('invalid_target')
    }
    await none.close()
  })
})

describe('section 2.2 at the token endpoint', () => {
  const refused: readonly [string, string | readonly string[]][] = [
    ['another registered resource', OTHER],
    ['the right one and another', [RESOURCE, OTHER]],
    ['an unknown one', 'https://mcp.example/other'],
    ['a malformed one', 'mcp'],
    ['one with a fragment', `${RESOURCE}#`],
  ]

  test.each(refused)('AS-065 with a code: %s is invalid_target, and the code still works', async (_, resource) => {
    const form = codeForm(client_id, await obtainCode(server, client_id))
    await expectError(await postForm(server, '/oauth/token', { ...form, resource }), 400, 'invalid_target')
    expect((await postForm(server, '/oauth/token', form)).status).toBe(200)
  })

  test.each(refused)(
    'AS-068 with a refresh token: %s is invalid_target, and the token still works',
    async (_, resource) => {
      const { refresh_token } = await obtainTokens(server, client_id)
      const form = { grant_type: 'refresh_token', refresh_token, client_id }
      await expectError(await postForm(server, '/oauth/token', { ...form, resource }), 400, 'invalid_target')
      expect((await postForm(server, '/oauth/token', form)).status).toBe(200)
    },
  )

  test.each([undefined, RESOURCE, `${RESOURCE}/`, [RESOURCE, `${RESOURCE}/`]])(
    'AS-065 %p is the resource of the grant, with code and refresh token',
    async (resource) => {
      const form = { ...codeForm(client_id, await obtainCode(server, client_id)), resource }
      const first = await (await postForm(server, '/oauth/token', form)).json()
      const refresh = { grant_type: 'refresh_token', refresh_token: first.refresh_token, client_id, resource }
      const second = await (await postForm(server, '/oauth/token', refresh)).json()
      expect([first, second].map(({ access_token }) => decodeJwt(access_token).aud)).toEqual([RESOURCE, RESOURCE])
    },
  )

  test('a resource that is gone in the meantime is invalid_target', async () => {
    const gone = {
      identifier: 'https://gone.example/mcp',
      aliases: [],
      name: null,
      scopes,
      scopeHierarchy: {},
      defaultScopes: null,
      accessTokenLifetime: null,
      dpop: 'optional' as const,
    }
    await server.store.resources.put(gone)
    const code = await obtainCode(server, client_id, { resource: gone.identifier })
    await server.store.resources.remove(gone.identifier)
    const form = { ...codeForm(client_id, code), resource: gone.identifier }
    await expectError(await postForm(server, '/oauth/token', form), 400, 'invalid_target')
  })
})
