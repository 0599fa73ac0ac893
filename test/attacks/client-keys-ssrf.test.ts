/**
 * A `jwks_uri` that leads inside: whatever it names, the safe fetch goes to public addresses only.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 8.6
 * @see MCP 2026-07-28, security best practices, "SSRF"
 * @module
 */
import { afterAll, expect, test } from 'bun:test'
import { createTestServer, postForm, REDIRECT_URI, RESOURCE } from '../support/authorization-server.ts'
import { addSigningClient, assertionForm } from '../support/confidential-clients.ts'
import { expectError } from '../support/oauth-error.ts'
import { type Listener, listen, outboundTo, say, whole } from '../support/outbound.ts'

const listeners: Listener[] = []
afterAll(() => {
  for (const listener of listeners) listener.close()
})

/** A server whose every connection would end at a listener that publishes the right keys, if one were made. */
async function world(answer = (jwks: string) => whole('200 OK', jwks, 'content-type: application/json')) {
  let jwks = ''
  const listener = await listen((socket, head) => say(answer(jwks))(socket, head), 'app')
  listeners.push(listener)
  const names = {
    'app.example': ['93.184.216.34'],
    'inside.example': ['10.0.0.1'],
    'metadata.example': ['169.254.169.254'],
  }
  const { outbound, dialled } = outboundTo(listener, names)
  const server = await createTestServer({ client_credentials: { enabled: true } }, { outbound })
  const attempt = async (jwksUri: string) => {
    const client = await addSigningClient(server, { jwks: null, jwksUri })
    jwks = JSON.stringify(client.jwks)
    return postForm(server, '/oauth/token', {
      grant_type: 'client_credentials',
      resource: RESOURCE,
      scope: 'notes:read',
      ...assertionForm(await client.sign()),
    })
  }
  return { server, attempt, dialled }
}

test('keys at a public address are found', async () => {
  const { server, attempt, dialled } = await world()
  expect((await attempt('https://app.example/jwks.json')).status).toBe(200)
  expect(dialled).toEqual(['93.184.216.34 443'])
  await server.close()
})

test.each([
  'http://app.example/jwks.json',
  'https://127.0.0.1/jwks.json',
  'https://[::1]/jwks.json',
  'https://2130706433/jwks.json',
  'https://0x7f.1/jwks.json',
  'https://10.0.0.1/jwks.json',
  'https://169.254.169.254/latest/meta-data',
  'https://[::ffff:169.254.169.254]/',
  'https://localhost/jwks.json',
  'https://inside.example/jwks.json',
  'https://metadata.example/jwks.json',
  'https://user@app.example/jwks.json',
  'https://app.example:22/jwks.json',
  'file:///etc/passwd',
])('%p is not asked', async (jwksUri) => {
  const { server, attempt, dialled } = await world()
  await expectError(await attempt(jwksUri), 401, 'invalid_client')
  expect(server.events.at(-1)).toMatchObject({ reason: 'client_keys_unavailable' })
  expect(dialled).toEqual([])
  await server.close()
})

test.each([
  ['a redirect', () => whole('302 Found', '', 'location: https://10.0.0.1/jwks.json')],
  ['an endless set', (jwks: string) => whole('200 OK', `${jwks}${' '.repeat(40_000)}`)],
  ['an error', (jwks: string) => whole('500 Internal Server Error', jwks)],
])('%s is not followed to keys', async (_, answer) => {
  const { server, attempt, dialled } = await world(answer)
  await expectError(await attempt('https://app.example/jwks.json'), 401, 'invalid_client')
  expect(dialled).toHaveLength(1)
  await server.close()
})

test.each(['https://10.0.0.1/jwks.json', 'https://localhost/jwks.json', 'http://app.example/jwks.json'])(
  '%p cannot even be registered',
  async (jwks_uri) => {
    const { server } = await world()
    const response = await server.fetch('/oauth/register', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'private_key_jwt', jwks_uri }),
    })
    await expectError(response, 400, 'invalid_client_metadata')
    await server.close()
  },
)
