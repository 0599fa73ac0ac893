/**
 * An attacker who registers, or publishes, their own address, and then sends people there with our good name: by an error, without a page.
 *
 * @see RFC 9700 section 4.11.2: the authorization server as an open redirector
 * @see docs/adr/0043-approved-redirects.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { authorizationQuery, createTestServer, REDIRECT_URI, registerClient } from '../support/authorization-server.ts'
import { CALLBACK, CLIENT_ID, createScene, decide, type Scene, visit } from '../support/client-documents.ts'
import { createSigning } from '../support/confidential-clients.ts'
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

describe('AS-054 documents, which anybody can publish', () => {
  const EVIL = 'https://evil.example/client.json'
  const PHISH = "https://evil.example/phish?a=1&b='onclick='"
  const LOOPBACK = 'http://127.0.0.1/callback'
  const CLAUDE = 'https://claude.ai/api/mcp/auth_callback'
  const ERRORS: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ['unsupported_response_type', { response_type: 'token' }],
    ['consent_required', { prompt: 'none' }],
    ['invalid_scope', { scope: 'nonsense' }],
    ['invalid_target', { resource: 'x' }],
    ['invalid_request', { code_challenge: 'x' }],
  ]

  const anonymous = async ({ server }: Scene, changes: Readonly<Record<string, string>>) => {
    const query = await authorizationQuery(changes['client_id'] ?? '', changes)
    return server.fetch(`/oauth/authorize?${query}`, { redirect: 'manual' })
  }

  test.each(ERRORS)(
    '%s of one leads nobody to a stranger’s address without a page that names it',
    async (error, changes) => {
      const scene = await createScene()
      const redirect_uri = 'https://phish.example:8443/here'
      const request = { client_id: EVIL, redirect_uri, ...changes }
      scene.sites.publish(EVIL, { redirect_uris: [redirect_uri] })
      const seen = await visit(scene, request)
      expect([seen.status, seen.location]).toEqual([400, null])
      expect(seen.page).toContain('<strong class="target">phish.example:8443</strong>')
      const link = /<a href="([^"]*)" rel="noreferrer">Go back to phish.example:8443</.exec(seen.page)?.[1] ?? ''
      expect(link).toStartWith(`${redirect_uri}?error&#61;${error}&#38;`)

      // The copy that is stored by now serves people who are not signed in, too.
      const stored = await anonymous(scene, request)
      expect([stored.status, stored.headers.get('location')]).toEqual([400, null])
      await scene.close()
    },
  )

  test('what the address says is text on that page', async () => {
    const scene = await createScene()
    scene.sites.publish(EVIL, { redirect_uris: [PHISH] })
    const { page } = await visit(scene, { client_id: EVIL, redirect_uri: PHISH, prompt: 'none' })
    expect(page).toContain('href="https://evil.example/phish?a&#61;1&#38;b&#61;&#39;onclick&#61;&#39;&#38;error')
    await scene.close()
  })

  test.each([LOOPBACK, CLAUDE])('%s is this machine or approved: it is told at once', async (redirect_uri) => {
    const scene = await createScene()
    scene.sites.publish(EVIL, { redirect_uris: [redirect_uri] })
    for (const [error, changes] of ERRORS) {
      const port = redirect_uri.replace('127.0.0.1', '127.0.0.1:50999')
      const { location } = await visit(scene, { client_id: EVIL, redirect_uri: port, ...changes })
      expect(location).toStartWith(`${port}?error=${error}&`)
    }
    await scene.close()
  })

  test('whoever agreed to a client is led back to it at once, and nobody else, until its redirect URIs change', async () => {
    const scene = await createScene()
    const { jwks } = await createSigning()
    const publish = (...redirect_uris: readonly string[]) =>
      scene.sites.publish(
        CLIENT_ID,
        { token_endpoint_auth_method: 'private_key_jwt', jwks, redirect_uris },
        { fields: ['cache-control: no-store'] },
      )
    const request = { client_id: CLIENT_ID, redirect_uri: CALLBACK, scope: 'nonsense' }
    publish(CALLBACK)
    expect((await visit(scene, request)).location).toBeNull()
    await decide(await visit(scene))
    expect((await visit(scene, request)).location).toStartWith(`${CALLBACK}?error=invalid_scope&`)
    const stranger = await anonymous(scene, request)
    expect([stranger.status, stranger.headers.get('location')]).toEqual([400, null])

    publish(CALLBACK, 'https://evil.example/phish')
    scene.server.clock.now += 31
    expect((await visit(scene, request)).location).toBeNull()
    await scene.close()
  })

  test('declining is done on a page that names the address: it needs no other', async () => {
    const scene = await createScene()
    scene.sites.publish()
    const declined = await decide(await visit(scene), 'deny')
    expect(declined.headers.get('location')).toStartWith(`${CALLBACK}?error=access_denied&`)
    await scene.close()
  })
})
