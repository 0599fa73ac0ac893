/**
 * An attacker who registers their own address, and then sends people there with our good name: by an error, without a page.
 *
 * @see RFC 9700 section 4.11.2: the authorization server as an open redirector
 * @see docs/adr/0043-approved-redirects.md
 * @module
 */
import { expect, test } from 'bun:test'
import { authorizationQuery, createTestServer, REDIRECT_URI, registerClient } from '../support/authorization-server.ts'
import { expectError } from '../support/oauth-error.ts'

test('AS-054 by default nobody can register an address that was not approved, so that nobody is redirected there', async () => {
  const server = await createTestServer()
  const redirect_uris = ['https://evil.example/phish']
  const refused = await server.fetch('/oauth/register', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ redirect_uris, token_endpoint_auth_method: 'none' }),
  })
  await expectError(refused, 400, 'invalid_redirect_uri')

  const { client_id } = await registerClient(server)
  for (const changes of [
    {},
    { prompt: 'none' },
    { scope: 'nonsense' },
    { response_type: 'token' },
    { resource: 'x' },
  ]) {
    const query = await authorizationQuery(client_id, { ...changes, redirect_uri: redirect_uris[0] })
    const response = await server.fetch(`/oauth/authorize?${query}`)
    expect([response.status, response.headers.get('location')]).toEqual([400, null])
  }
  await server.close()
})

test('AS-054 what can be reached without a page is this machine or an approved address, and carries no more than the error', async () => {
  const server = await createTestServer()
  const claude = 'https://claude.ai/api/mcp/auth_callback'
  const { client_id } = await registerClient(server, { redirect_uris: [REDIRECT_URI, claude] })
  for (const redirect_uri of [REDIRECT_URI, claude]) {
    const query = await authorizationQuery(client_id, { redirect_uri, prompt: 'none' })
    const location = new URL((await server.fetch(`/oauth/authorize?${query}`)).headers.get('location') ?? '')
    expect(location.origin + location.pathname).toBe(redirect_uri)
    expect([...location.searchParams.keys()].toSorted()).toEqual(['error', 'error_description', 'iss', 'state'])
  }
  await server.close()
})
