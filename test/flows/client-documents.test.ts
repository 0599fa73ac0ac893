/**
 * Whole flows of clients that publish what they are: the documents of real hosts, and sites that go down on the way.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02
 * @module
 */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { JWT_BEARER } from '../../shared/client-assertion-type.ts'
import { ISSUER, postForm, VERIFIER } from '../support/authorization-server.ts'
import { CALLBACK, CLIENT_ID, createScene, decide, type Scene, visit } from '../support/client-documents.ts'

let scene: Scene
beforeEach(async () => {
  scene = await createScene()
})
afterEach(() => scene.close())

/** What was published at these URLs in 2026, as far as it matters. */
const HOSTS = [
  {
    host: 'Claude Code',
    id: 'https://claude.ai/oauth/claude-code-client-metadata',
    document: {
      client_name: 'Claude Code',
      client_uri: 'https://claude.ai',
      redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    },
    redirectUris: ['http://localhost:50123/callback', 'http://localhost:61234/callback'],
  },
  {
    host: 'Codex',
    id: 'https://chatgpt.com/oauth/codex/client.json',
    document: {
      client_name: 'Codex',
      redirect_uris: ['http://127.0.0.1/callback', 'http://localhost/callback'],
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      application_type: 'native',
    },
    redirectUris: ['http://127.0.0.1:50123/callback', 'http://127.0.0.1:61234/callback'],
  },
  {
    host: 'Visual Studio Code',
    id: 'https://vscode.dev/oauth/client-metadata.json',
    document: {
      client_name: 'Visual Studio Code',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: ['http://127.0.0.1:33418/', 'https://vscode.dev/redirect'],
      token_endpoint_auth_method: 'none',
    },
    redirectUris: ['http://127.0.0.1:33418/', 'http://127.0.0.1:40000/', 'https://vscode.dev/redirect'],
  },
] as const

/** The code that allowing leads to. */
async function allow(clientId: string, redirectUri: string): Promise<string> {
  const answer = await decide(await visit(scene, { client_id: clientId, redirect_uri: redirectUri }))
  const location = answer.headers.get('location') ?? ''
  expect(location).toStartWith(`${redirectUri}?code=`)
  return new URL(location).searchParams.get('code') ?? ''
}

const redeem = (clientId: string, code: string, redirectUri: string, proof: Readonly<Record<string, string>> = {}) =>
  postForm(scene.server, '/oauth/token', {
    grant_type: 'authorization_code',
    code,
    code_verifier: VERIFIER,
    redirect_uri: redirectUri,
    client_id: clientId,
    ...proof,
  })

const refresh = (clientId: string, token: string, proof: Readonly<Record<string, string>> = {}) =>
  postForm(scene.server, '/oauth/token', {
    grant_type: 'refresh_token',
    refresh_token: token,
    client_id: clientId,
    ...proof,
  })

describe.each(HOSTS.map((recorded) => [recorded.host, recorded] as const))(
  '%s',
  (_, { id, document, redirectUris }) => {
    test('AS-020 AS-046 gets in with another port each time, and its document is read once', async () => {
      scene.sites.publish(id, document)
      for (const redirectUri of redirectUris) {
        const tokens = await redeem(id, await allow(id, redirectUri), redirectUri)
        expect(tokens.status).toBe(200)
        const refreshed = await refresh(id, (await tokens.json()).refresh_token)
        expect(refreshed.status).toBe(200)
      }
      expect(scene.sites.asked).toEqual([id])
    })
  },
)

describe('ChatGPT', () => {
  const id = 'https://chatgpt.com/oauth/client.json'
  const redirectUri = 'https://chatgpt.com/connector_platform_oauth_redirect'
  const document = {
    client_uri: 'https://chatgpt.com/',
    redirect_uris: [redirectUri],
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    client_name: 'ChatGPT',
    token_endpoint_auth_signing_alg: 'RS256',
    jwks_uri: 'https://chatgpt.com/oauth/jwks.json',
  }

  async function host() {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
    const keys = [{ ...(await exportJWK(publicKey)), kid: 'key-1', use: 'sig', alg: 'RS256' }]
    scene.sites.publish(id, document)
    scene.sites.put(document.jwks_uri, { body: JSON.stringify({ keys }) })
    const proof = async (audience = ISSUER) => ({
      client_assertion_type: JWT_BEARER,
      client_assertion: await new SignJWT({ jti: crypto.randomUUID() })
        .setProtectedHeader({ alg: 'RS256', kid: 'key-1' })
        .setIssuer(id)
        .setSubject(id)
        .setAudience(audience)
        .setIssuedAt(scene.server.clock.now)
        .setExpirationTime(scene.server.clock.now + 60)
        .sign(privateKey),
    })
    return { proof }
  }

  test('AS-032 proves itself with RS256 by its published key, and is nobody without', async () => {
    const { proof } = await host()
    const code = await allow(id, redirectUri)
    expect((await redeem(id, code, redirectUri)).status).toBe(401)
    const tokens = await redeem(id, code, redirectUri, await proof())
    expect(tokens.status).toBe(200)
    const { refresh_token } = await tokens.json()
    expect((await refresh(id, refresh_token)).status).toBe(401)
    expect((await refresh(id, refresh_token, await proof())).status).toBe(200)
    expect(scene.sites.asked).toEqual([id, document.jwks_uri])
  })

  test('its site goes down after it was let in: the keys were fetched with the document', async () => {
    const { proof } = await host()
    const code = await allow(id, redirectUri)
    await scene.sites.until(document.jwks_uri)
    scene.sites.goDown()
    expect((await redeem(id, code, redirectUri, await proof())).status).toBe(200)
  })
})

describe('a site that goes down', () => {
  const lastDay = () => scene.server.settings.refresh.absolute_lifetime

  test('before the code is redeemed: tokens are issued, refreshed and revoked without it, for as long as the grant lives', async () => {
    const { server, sites } = scene
    sites.publish()
    const code = await allow(CLIENT_ID, CALLBACK)
    sites.goDown()
    let tokens = await (await redeem(CLIENT_ID, code, CALLBACK)).json()
    for (const day of [1, 20, 40, 60]) {
      server.clock.now += 20 * 86_400
      while ((await server.store.purge(server.clock.now, 500)) > 0);
      const answer = await refresh(CLIENT_ID, tokens.refresh_token)
      expect([day, answer.status]).toEqual([day, 200])
      tokens = await answer.json()
    }
    const revoked = await postForm(server, '/oauth/revoke', { token: tokens.refresh_token, client_id: CLIENT_ID })
    expect(revoked.status).toBe(200)
    expect(sites.asked).toEqual([CLIENT_ID])
    // Once nothing lives any more, nothing is kept.
    server.clock.now += lastDay()
    while ((await server.store.purge(server.clock.now, 500)) > 0);
    expect(await server.store.clientDocuments.list()).toEqual([])
  })

  test('while the person signs in: the page says so, and works once it is back', async () => {
    const { server, sites } = scene
    sites.publish()
    sites.goDown()
    const seen = await visit(scene)
    expect([seen.status, seen.title]).toEqual([400, 'This application could not be checked'])
    sites.goUp()
    server.clock.now += 30
    expect((await visit(scene)).status).toBe(200)
  })
})
