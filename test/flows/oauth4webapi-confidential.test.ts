/**
 * oauth4webapi as clients that an administrator registered: every grant, by every way to authenticate, and introspection of what comes
 * of it.
 *
 * @see RFC 6749 section 4.4
 * @see RFC 7523 section 2.2
 * @see RFC 7662 section 2
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import * as oauth from 'oauth4webapi'
import { addSecretClient, addSigningClient } from '../support/confidential-clients.ts'
import { createTestDemo } from '../support/demo.ts'
import { discover, REDIRECT_URI, signIn, via } from '../support/oauth4webapi.ts'

const demo = await createTestDemo({ client_credentials: { enabled: true } })
afterAll(() => demo.close())
const as = await discover(demo)
/** The library reads the system's clock. */
const skew = { [oauth.clockSkew]: demo.clock.now - Math.floor(Date.now() / 1000) }
const redirects = { redirectUris: [REDIRECT_URI] }

type Party = readonly [method: string, client: oauth.Client, auth: oauth.ClientAuth]

async function withSecret(method: 'client_secret_basic' | 'client_secret_post'): Promise<Party> {
  const { id, secret } = await addSecretClient(demo, { ...redirects, authMethods: [method] })
  const prove = method === 'client_secret_basic' ? oauth.ClientSecretBasic : oauth.ClientSecretPost
  return [method, { client_id: id, ...skew }, prove(secret)]
}

async function withKeys(algorithm: 'ES256' | 'RS256'): Promise<Party> {
  const { id, key } = await addSigningClient(demo, redirects, algorithm)
  return [`private_key_jwt ${algorithm}`, { client_id: id, ...skew }, oauth.PrivateKeyJwt({ key, kid: 'one' })]
}

const parties = await Promise.all([
  withSecret('client_secret_basic'),
  withSecret('client_secret_post'),
  withKeys('ES256'),
  withKeys('RS256'),
])

describe.each(parties)('%s', (method, client, auth) => {
  const introspect = async (token: string) =>
    oauth.processIntrospectionResponse(as, client, await oauth.introspectionRequest(as, client, auth, token, via(demo)))
  const revoke = async (token: string) =>
    oauth.processRevocationResponse(await oauth.revocationRequest(as, client, auth, token, via(demo)))

  test('is advertised for the token, introspection and revocation endpoints', () => {
    const [name = ''] = method.split(' ')
    expect(as.token_endpoint_auth_methods_supported).toContain(name)
    expect(as.introspection_endpoint_auth_methods_supported).toContain(name)
    expect(as.revocation_endpoint_auth_methods_supported).toContain(name)
  })

  test('authorization_code and refresh_token, introspected until they are revoked', async () => {
    const tokens = await signIn(demo, as, client, auth)
    expect(await introspect(tokens.access_token)).toMatchObject({
      active: true,
      client_id: client.client_id,
      sub: demo.userId,
      aud: demo.mcpUrl,
      scope: 'notes:read',
    })
    const response = await oauth.refreshTokenGrantRequest(as, client, auth, tokens.refresh_token ?? '', via(demo))
    const refreshed = await oauth.processRefreshTokenResponse(as, client, response)
    expect(await introspect(refreshed.refresh_token ?? '')).toMatchObject({ active: true })
    await revoke(refreshed.refresh_token ?? '')
    for (const token of [tokens.access_token, refreshed.access_token, refreshed.refresh_token ?? '']) {
      expect(await introspect(token)).toEqual({ active: false })
    }
  })

  test('client_credentials: for itself, without a refresh token, until it is revoked', async () => {
    const params = new URLSearchParams({ resource: demo.mcpUrl, scope: 'notes:read' })
    const response = await oauth.clientCredentialsGrantRequest(as, client, auth, params, via(demo))
    const { access_token, refresh_token } = await oauth.processClientCredentialsResponse(as, client, response)
    expect(refresh_token).toBeUndefined()
    expect(await introspect(access_token)).toMatchObject({ active: true, sub: client.client_id, aud: demo.mcpUrl })
    await revoke(access_token)
    expect(await introspect(access_token)).toEqual({ active: false })
  })

  test('what another client was given is not active for it', async () => {
    const [, other, proof] = parties.find(([name]) => name !== method) ?? parties[0]
    const { access_token } = await signIn(demo, as, other, proof)
    expect(await introspect(access_token)).toEqual({ active: false })
  })
})

test('a grant that nobody offers is unsupported', async () => {
  const [, client, auth] = parties[0]
  const grant = 'urn:ietf:params:oauth:grant-type:device_code'
  const response = await oauth.genericTokenEndpointRequest(as, client, auth, grant, new URLSearchParams(), via(demo))
  await expect(oauth.processGenericTokenEndpointResponse(as, client, response)).rejects.toMatchObject({
    error: 'unsupported_grant_type',
  })
})
