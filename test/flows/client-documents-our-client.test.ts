/**
 * Our client with a document of its own, at our server, which reads it: made, published, used to sign in, to refresh and to sign out, with a key and
 * without.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 4, section 8.2
 * @see RFC 7523 section 2.2
 * @module
 */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { exportJWK, generateKeyPair } from 'jose'
import { type ClientOptions, clientDocument, createSession, privateKeyJwt } from '../../client/index.ts'
import { RESOURCE } from '../support/authorization-server.ts'
import { person as attended, failureOf } from '../support/client.ts'
import { CLIENT_ID, createScene, type Scene } from '../support/client-documents.ts'
import { createPerson } from '../support/person.ts'

let scene: Scene
beforeEach(async () => {
  scene = await createScene({ dpop: { nonce: 'required' } })
})
afterEach(() => scene.close())

/** What `attended` uses. */
const REDIRECT = 'http://127.0.0.1:5000/callback'

/** A session at the server, whose metadata says where the resource's tokens come from, and what was sent to the token endpoint. */
function host(client: ClientOptions) {
  const { server } = scene
  const forms: URLSearchParams[] = []
  const metadata = `${new URL(RESOURCE).origin}/.well-known/oauth-protected-resource${new URL(RESOURCE).pathname}`
  const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init)
    if (request.url === metadata) return Response.json({ resource: RESOURCE, authorization_servers: [server.issuer] })
    if (request.url.startsWith(RESOURCE)) return new Response(null, { status: request.headers.has('dpop') ? 200 : 401 })
    if (request.url.endsWith('/oauth/token')) forms.push(new URLSearchParams(await request.clone().text()))
    return server.fetch(request)
  }
  const person = createPerson({ ...server, fetch })
  const session = createSession(RESOURCE, {
    client,
    fetch,
    now: () => server.clock.now,
    interaction: attended(async (url) => (await person.visit(url)).href),
    scope: 'notes:read',
  })
  return { session, person, forms }
}

const publish = (document: Readonly<Record<string, unknown>>): void =>
  scene.sites.put(CLIENT_ID, { type: 'application/json', body: JSON.stringify(document) })

describe('a document of a public client', () => {
  test('C-044 C-048 the person sees its name, and nothing was registered', async () => {
    publish(clientDocument({ id: CLIENT_ID, name: 'My host', redirectUris: [REDIRECT] }))
    const { session, person, forms } = host({ metadataUrl: CLIENT_ID, redirectUris: [REDIRECT] })
    const grant = await session.authorize()
    expect(grant).toMatchObject({ clientId: CLIENT_ID, tokenType: 'DPoP', scope: ['notes:read'] })
    expect(person.pages).toHaveLength(2)
    scene.server.clock.now += 60 * 60
    expect((await session.fetch(RESOURCE)).status).toBe(200)
    expect(forms.map((form) => form.get('client_id'))).toEqual(forms.map(() => CLIENT_ID))
    expect(await session.logout()).toEqual({ revoked: true, deleted: true })
  })

  test('a document that cannot be read leaves the person at a page of the server: no callback, no token', async () => {
    const { session } = host({ metadataUrl: CLIENT_ID })
    expect((await failureOf(session.authorize())).code).toBe('interaction_failed')
  })
})

describe('a document with a key', () => {
  test('C-047 every request is signed, also the ones that are sent again for a nonce', async () => {
    const pair = await generateKeyPair('ES256')
    const jwks = { keys: [{ ...(await exportJWK(pair.publicKey)), alg: 'ES256', kid: 'one' }] }
    publish(clientDocument({ id: CLIENT_ID, name: 'My host', redirectUris: [REDIRECT], keys: { jwks } }))
    const auth = privateKeyJwt(pair.privateKey, { kid: 'one' })
    const { session, forms } = host({ metadataUrl: CLIENT_ID, redirectUris: [REDIRECT], auth })
    expect((await session.authorize()).clientId).toBe(CLIENT_ID)
    scene.server.clock.now += 60 * 60
    expect((await session.fetch(RESOURCE)).status).toBe(200)
    expect(await session.logout()).toEqual({ revoked: true, deleted: true })
    const assertions = forms.map((form) => form.get('client_assertion'))
    // The first request of all was refused for lack of a nonce.
    expect(assertions.length).toBeGreaterThanOrEqual(3)
    expect(new Set(assertions).size).toBe(assertions.length)
  })
})
