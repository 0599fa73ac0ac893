/**
 * What real hosts were seen to send gets the answers that let them through.
 *
 * @module
 */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import * as v from 'valibot'
import { AuthorizationServerMetadata } from '../../shared/authorization-server-metadata.ts'
import { findChallenge } from '../../shared/challenge.ts'
import { ProtectedResourceMetadata } from '../../shared/protected-resource-metadata.ts'
import { createTestDemo, type TestDemo } from '../support/demo.ts'
import { createReplay, RECORDED_HOSTS } from '../support/recorded-host.ts'

let demo: TestDemo
beforeEach(async () => {
  demo = await createTestDemo({ issuer: 'http://localhost:9100' })
})
afterEach(() => demo.close())

async function getJson(path: string, headers: Record<string, string>): Promise<unknown> {
  const response = await demo.fetch(path, { headers })
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toMatch(/^application\/json/)
  return response.json()
}

describe.each(RECORDED_HOSTS.map((host) => [`${host.host} ${host.version}`, host] as const))('%s', (_, host) => {
  test('RS-003 RS-024 RS-026 its first request meets the challenge', async () => {
    const response = await createReplay(host, demo).firstMcpRequest()

    expect(response.status).toBe(401)
    expect(findChallenge(response.headers.get('www-authenticate'), 'bearer')?.params).toEqual({
      scope: 'notes:read notes:write',
      resource_metadata: 'http://localhost:9100/.well-known/oauth-protected-resource/mcp',
    })
  })

  test('RS-004 AS-004 AS-006 AS-007 AS-009 its discovery by the challenge finds both documents', async () => {
    const prm = await getJson('/.well-known/oauth-protected-resource/mcp', host.prm_request_headers)
    expect(v.parse(ProtectedResourceMetadata, prm)).toMatchObject({
      resource: demo.mcpUrl,
      authorization_servers: [demo.issuer],
      scopes_supported: ['notes:read', 'notes:write'],
    })
    const as = await getJson('/.well-known/oauth-authorization-server', host.as_metadata_request_headers)
    // Without the last two, hosts refuse or ask for a secret.
    expect(v.parse(AuthorizationServerMetadata, as)).toMatchObject({
      issuer: demo.issuer,
      authorization_response_iss_parameter_supported: true,
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    })
  })

  test('RS-011 its discovery without a hint finds both documents, and no 401 or HTML on the way', async () => {
    const found: string[] = []
    for (const path of host.discovery_without_resource_metadata) {
      const isResource = path.includes('oauth-protected-resource')
      const response = await demo.fetch(path, {
        headers: isResource ? host.prm_request_headers : host.as_metadata_request_headers,
      })
      const body = await response.text()
      expect([path, response.status]).toEqual([
        path,
        body.includes('"issuer"') || body.includes('"resource"') ? 200 : 404,
      ])
      expect(response.headers.get('content-type') ?? '').not.toContain('html')
      if (response.status !== 200) continue
      if (isResource) expect(v.parse(ProtectedResourceMetadata, JSON.parse(body)).resource).toBe(demo.mcpUrl)
      else expect(v.parse(AuthorizationServerMetadata, JSON.parse(body)).issuer).toBe(demo.issuer)
      found.push(path)
    }
    expect(found).toContain('/.well-known/oauth-protected-resource/mcp')
    expect(found).toContain('/.well-known/oauth-authorization-server')
  })

  test('AS-005 its discovery of an issuer with a path finds the document at every place', async () => {
    const tenant = await createTestDemo({ issuer: 'http://localhost:9100/t1' })
    expect(host.discovery_of_issuer_t1).not.toEqual([])
    for (const path of host.discovery_of_issuer_t1) {
      const response = await tenant.fetch(`http://localhost:9100${path}`, { headers: host.as_metadata_request_headers })
      expect([path, response.status]).toEqual([path, 200])
      expect(v.parse(AuthorizationServerMetadata, await response.json()).issuer).toBe('http://localhost:9100/t1')
    }
    await tenant.close()
  })

  test('registers, authorizes, calls, refreshes 1 to 5 times at once, and revokes', async () => {
    const replay = createReplay(host, demo)

    const registered = await replay.register()
    expect(registered.status).toBe(201)
    const { client_name, redirect_uris, grant_types, scope } = host.registration_request.body
    expect(await registered.json()).toMatchObject({
      client_name,
      grant_types,
      scope,
      redirect_uris: redirect_uris.map((uri) => uri.replace('CALLBACK_PORT', '49152')),
      token_endpoint_auth_method: 'none',
      application_type: 'native',
    })

    // Hosts listen at another port each time.
    const callback = await replay.authorize({}, '50999')
    expect(callback.port).toBe('50999')
    expect(callback.searchParams.get('iss')).toBe(demo.issuer)
    expect(callback.searchParams.get('state')).not.toBeNull()

    const tokens = await replay.exchange()
    expect(tokens).toMatchObject({ token_type: 'Bearer', scope: host.authorize_query['scope'] })
    const served = await replay.firstMcpRequest(tokens.access_token)
    expect(served.status).toBe(host.first_mcp_request.method === 'GET' ? 405 : 200)

    for (const times of [1, 2, 3, 4, 5]) {
      const before = replay.filling()['REFRESH_TOKEN']
      const answers = await replay.refresh(times)
      expect(new Set(answers.map(({ refresh_token }) => refresh_token)).size).toBe(1)
      expect(answers[0]?.refresh_token).not.toBe(before)
      expect(answers[0]?.scope).toBe(tokens.scope)
    }

    expect(await replay.revoke()).toEqual(host.revocation_requests.map(() => 200))
    expect(demo.failures).toEqual([])
  })
})

test('Claude Code logs out: refresh token, then access token, both gone', async () => {
  const host = RECORDED_HOSTS.find(({ host }) => host === 'claude-code')
  if (host === undefined) throw new Error('no recording of Claude Code')
  const replay = createReplay(host, demo)
  await replay.register()
  await replay.authorize()
  const { access_token } = await replay.exchange()
  expect((await replay.firstMcpRequest(access_token)).status).toBe(200)

  expect(await replay.revoke()).toEqual([200, 200])

  expect((await replay.firstMcpRequest(access_token)).status).toBe(401)
  await expect(replay.refresh()).rejects.toThrow()
  expect(await replay.revoke()).toEqual([200, 200])
})

test('Gemini CLI asks with HEAD: the challenge without a body', async () => {
  const response = await demo.fetch(demo.mcpUrl, { method: 'HEAD', headers: { 'user-agent': 'node' } })
  expect(response.status).toBe(401)
  expect(findChallenge(response.headers.get('www-authenticate'), 'bearer')?.params['scope']).toBe(
    'notes:read notes:write',
  )
  expect(await response.text()).toBe('')
})
