/**
 * Applications on somebody's own device: where their answers may go, and that nothing that is shipped with them is taken for a secret.
 *
 * @see RFC 8252 section 6, section 7 and section 8
 *
 * @standard RFC 8252: OAuth 2.0 for Native Apps
 * @status followed
 * @does loopback redirects with any port, private-use schemes, the system browser
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import {
  approve,
  authorizationQuery,
  codeForm,
  createTestServer,
  postForm,
  registerClient,
} from '../support/authorization-server.ts'
import { expectError } from '../support/oauth-error.ts'
import { createPerson } from '../support/person.ts'

const server = await createTestServer({ registration: { mode: 'open' } })
afterAll(() => server.close())

const register = (redirect_uris: readonly string[]) =>
  server.fetch('/oauth/register', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris, token_endpoint_auth_method: 'none' }),
  })

/** Where a browser ends up that asks with this redirect URI; null: at a page of ours. */
async function landing(client_id: string, redirect_uri: string): Promise<string | null> {
  const query = await authorizationQuery(client_id, { redirect_uri, prompt: 'none' })
  const response = await server.fetch(`/oauth/authorize?${query}`, { redirect: 'manual' })
  return response.headers.get('location')
}

describe('section 7.3 section 8.3 loopback redirection', () => {
  test.each([
    ['http://127.0.0.1/cb', 'http://127.0.0.1:50123/cb'],
    ['http://127.0.0.1:1234/cb', 'http://127.0.0.1:50123/cb'],
    ['http://127.0.0.1:1234/cb', 'http://127.0.0.1/cb'],
    ['http://[::1]/cb', 'http://[::1]:50123/cb'],
    ['http://[::1]:1234/cb', 'http://[::1]/cb'],
    ['http://localhost/cb', 'http://localhost:50123/cb'],
  ])('AS-046 MUST allow any port: registered %s, used %s', async (registered, used) => {
    const { client_id } = await registerClient(server, { redirect_uris: [registered] })
    expect(await landing(client_id, used)).toStartWith(`${used}?`)
    const query = await authorizationQuery(client_id, { redirect_uri: used })
    const code = (await approve(server, query)).searchParams.get('code') ?? ''
    const redeem = (redirect_uri: string) =>
      postForm(server, '/oauth/token', { ...codeForm(client_id, code), redirect_uri })
    // The code is for the port that was used.
    await expectError(await redeem(registered.replace(/:\d+\//, '/').replace('/cb', ':1/cb')), 400, 'invalid_grant')
    expect((await redeem(used)).status).toBe(200)
  })

  test.each([
    ['http://127.0.0.1/cb', 'http://127.0.0.2:50123/cb'],
    ['http://127.0.0.1/cb', 'http://localhost:50123/cb'],
    ['http://127.0.0.1/cb', 'http://[::1]:50123/cb'],
    ['http://127.0.0.1/cb', 'https://127.0.0.1:50123/cb'],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:50123/other'],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:50123/cb?x=1'],
    ['http://127.0.0.1/cb', 'http://127.0.0.1:50123@evil.example/cb'],
    ['http://127.0.0.1/cb', 'http://127.1:50123/cb'],
    ['https://app.example/cb', 'https://app.example:50123/cb'],
  ])('but nothing else of it: registered %s, used %s', async (registered, used) => {
    const { client_id } = await registerClient(server, { redirect_uris: [registered] })
    expect(await landing(client_id, used)).toBeNull()
  })
})

describe('section 7.1 private-use schemes', () => {
  test('AS-042 one of a reversed domain name is exact', async () => {
    const uri = 'com.example.app:/oauth2redirect'
    const { client_id } = await registerClient(server, { redirect_uris: [uri] })
    expect(await landing(client_id, uri)).toStartWith(`${uri}?`)
    for (const other of [
      'com.example.app:/other',
      'com.example.app2:/oauth2redirect',
      'COM.example.app:/oauth2redirect',
    ])
      expect(await landing(client_id, other)).toBeNull()
  })

  test.each(['javascript:/x', 'data:/x', 'file:///x', 'about:/x', 'vbscript:/x', 'blob:/x', 'http:/x', 'mailto:x@y.z'])(
    '%s is none',
    async (uri) => expectError(await register([uri]), 400, 'invalid_redirect_uri'),
  )
})

test('section 7.2 a claimed https URI is as good as any', async () => {
  const { client_id } = await registerClient(server, { redirect_uris: ['https://app.example/cb'] })
  expect(await landing(client_id, 'https://app.example/cb')).toStartWith('https://app.example/cb?')
})

describe('section 8', () => {
  test('AS-047 section 8.1 MUST use PKCE', async () => {
    const { client_id } = await registerClient(server)
    const answer = await approve(server, await authorizationQuery(client_id, { code_challenge: undefined }))
    expect(answer.searchParams.get('error')).toBe('invalid_request')
  })

  test('AS-074 section 8.5 a client needs no secret, and is known as public', async () => {
    const client = await registerClient(server)
    expect(client).not.toHaveProperty('client_secret')
    expect(await server.store.clients.find(client.client_id)).toMatchObject({ authMethods: ['none'] })
  })

  test('AS-053 section 8.6 a public client is not let in silently, although the person agreed a minute ago', async () => {
    const { client_id } = await registerClient(server)
    const person = createPerson(server)
    const url = `${server.issuer}/oauth/authorize?${await authorizationQuery(client_id)}`
    expect((await person.visit(url)).searchParams.has('code')).toBe(true)
    expect((await person.visit(url)).searchParams.has('code')).toBe(true)
    expect(person.pages.filter((title) => title.startsWith('Allow'))).toHaveLength(2)
  })

  test('section 8.4 MUST register its redirect URIs whole', async () => {
    for (const uri of [
      'http://127.0.0.1/*',
      '*',
      'http://*/cb',
      'https://*.example/cb',
      '/cb',
      'http://127.0.0.1/cb#x',
    ]) {
      const response = await register([uri])
      if (response.status === 201) {
        // A star in a path is a character like any other.
        const { client_id } = await response.json()
        expect(await landing(client_id, uri.replace('*', 'anything'))).toBeNull()
      } else await expectError(response, 400, 'invalid_redirect_uri')
    }
  })
})
