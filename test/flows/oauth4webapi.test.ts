/**
 * oauth4webapi, a client that checks every answer strictly, drives the whole flow.
 *
 * @module
 */
import { afterEach, describe, expect, test } from 'bun:test'
import * as oauth from 'oauth4webapi'
import type { ConfigInput } from '../../server/config.ts'
import { createTestDemo, type TestDemo } from '../support/demo.ts'
import { discover, REDIRECT_URI, signIn, via } from '../support/oauth4webapi.ts'
import { createPerson } from '../support/person.ts'

const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

async function startDemo(config: ConfigInput = {}): Promise<TestDemo> {
  const demo = await createTestDemo(config)
  open.push(() => demo.close())
  return demo
}

async function register(demo: TestDemo, as: oauth.AuthorizationServer, method: string): Promise<oauth.Client> {
  const metadata = {
    client_name: 'oauth4webapi',
    redirect_uris: [REDIRECT_URI],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: method,
  }
  return oauth.processDynamicClientRegistrationResponse(
    await oauth.dynamicClientRegistrationRequest(as, metadata, via(demo)),
  )
}

const authOf = (client: oauth.Client): oauth.ClientAuth => {
  const secret = typeof client.client_secret === 'string' ? client.client_secret : ''
  if (client.token_endpoint_auth_method === 'client_secret_basic') return oauth.ClientSecretBasic(secret)
  return client.token_endpoint_auth_method === 'client_secret_post' ? oauth.ClientSecretPost(secret) : oauth.None()
}

describe.each([
  ['an issuer without a path', 'https://demo.example'],
  ['an issuer with a path', 'https://demo.example/tenant'],
])('%s', (_, issuer) => {
  test.each(['none', 'client_secret_basic', 'client_secret_post'])(
    'discovery, registration as %s, authorization, tokens, a call, refresh, revocation',
    async (method) => {
      const demo = await startDemo({ issuer })
      const as = await discover(demo)
      expect(as.issuer).toBe(issuer)
      const client = await register(demo, as, method)
      expect(client.token_endpoint_auth_method).toBe(method)

      const tokens = await signIn(demo, as, client, authOf(client))
      expect(tokens).toMatchObject({ token_type: 'bearer', scope: 'notes:read', expires_in: 900 })

      const called = await demo.fetch(demo.mcpUrl, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${tokens.access_token}`,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'whoami' } }),
      })
      expect(called.status).toBe(200)

      const refreshed = await oauth.processRefreshTokenResponse(
        as,
        client,
        await oauth.refreshTokenGrantRequest(as, client, authOf(client), tokens.refresh_token ?? '', via(demo)),
      )
      expect(refreshed.refresh_token).not.toBe(tokens.refresh_token)

      const revocation = await oauth.revocationRequest(
        as,
        client,
        authOf(client),
        refreshed.refresh_token ?? '',
        via(demo),
      )
      expect(await oauth.processRevocationResponse(revocation)).toBeUndefined()
      const again = await oauth.refreshTokenGrantRequest(
        as,
        client,
        authOf(client),
        refreshed.refresh_token ?? '',
        via(demo),
      )
      await expect(oauth.processRefreshTokenResponse(as, client, again)).rejects.toMatchObject({
        error: 'invalid_grant',
      })
    },
  )
})

describe('access tokens', () => {
  test.each(['ES256', 'RS256'] as const)(
    'RFC 9068 section 4 an independent validator accepts %s',
    async (algorithm) => {
      const demo = await startDemo({ access_token: { algorithm } })
      const as = await discover(demo)
      const client = await register(demo, as, 'none')
      const { access_token } = await signIn(demo, as, client, authOf(client))

      const request = new Request(demo.mcpUrl, { headers: { authorization: `Bearer ${access_token}` } })
      const options = {
        ...via(demo),
        signingAlgorithms: [algorithm],
        [oauth.clockSkew]: demo.clock.now - Math.floor(Date.now() / 1000),
      }
      const claims = await oauth.validateJwtAccessToken(as, request, demo.mcpUrl, options)

      expect(claims).toMatchObject({
        iss: demo.issuer,
        aud: demo.mcpUrl,
        sub: demo.userId,
        client_id: client.client_id,
        scope: 'notes:read',
      })
      await expect(oauth.validateJwtAccessToken(as, request, 'https://else.example', options)).rejects.toThrow()
    },
  )
})

test('AS-073 a wrong client secret is told by challenge', async () => {
  const demo = await startDemo()
  const as = await discover(demo)
  const client = await register(demo, as, 'client_secret_basic')
  const auth = oauth.ClientSecretBasic('wrong')
  const response = await oauth.refreshTokenGrantRequest(as, client, auth, 'unknown', via(demo))
  await expect(oauth.processRefreshTokenResponse(as, client, response)).rejects.toMatchObject({
    name: 'WWWAuthenticateChallengeError',
    status: 401,
  })
})

test('AS-050 an error is told with `iss` and `state`, which this client checks first', async () => {
  const demo = await startDemo()
  const as = await discover(demo)
  const client = await register(demo, as, 'none')
  const url = new URL(as.authorization_endpoint ?? '')
  url.search = String(new URLSearchParams({ client_id: client.client_id, redirect_uri: REDIRECT_URI, state: 's1' }))
  const callback = await createPerson(demo).visit(url)
  expect(() => oauth.validateAuthResponse(as, client, callback, 's1')).toThrow(oauth.AuthorizationResponseError)
  expect(callback.searchParams.get('error')).toBe('invalid_request')
})
