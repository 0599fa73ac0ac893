/**
 * The draft on client ID metadata documents from end to end, as an application and a person meet it: each MUST once kept, when access is
 * given, and once broken, when it is not.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 sections 3, 4, 4.1, 4.2, 5 and 8
 * @see RFC 9111 section 5.2: how long documents of others may be kept
 *
 * @standard draft-ietf-oauth-client-id-metadata-document: Client ID Metadata Documents (draft 02)
 * @status implemented
 * @does server: fetched for somebody who is signed in, through a guarded door, cached, kept through an outage, pinned or limited to domains by the
 *   operator; client: makes and checks its document, and is known by it where the server reads documents
 * @module
 */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { postForm, RESOURCE, VERIFIER } from '../support/authorization-server.ts'
import { CALLBACK, CLIENT_ID, createScene, decide, type Page, type Scene, visit } from '../support/client-documents.ts'
import { assertionForm, createSigning, signer } from '../support/confidential-clients.ts'

const { key, jwks } = await createSigning()
const { key: stranger } = await createSigning()
const SIGNS = { token_endpoint_auth_method: 'private_key_jwt', jwks }
const [published] = jwks.keys

let scene: Scene
beforeAll(async () => {
  scene = await createScene({}, { names: { 'inside.flood.example': ['10.0.0.7'] } })
})
afterAll(() => scene.close())

interface Attempt {
  readonly id?: string
  readonly changes?: Readonly<Record<string, unknown>>
  readonly page?: Page
  readonly redirect?: string
  /** Who signs for the client; none: nobody does. */
  readonly signs?: CryptoKey
}

let turn = 0

/** Publishes, asks, agrees, redeems. Where it ends. */
async function attempt({
  id = CLIENT_ID,
  changes = {},
  page = {},
  redirect = CALLBACK,
  signs,
}: Attempt): Promise<string> {
  const { sites, server } = scene
  // A place of its own for each, so that none is at hand already.
  turn += 1
  const clientId = id === CLIENT_ID ? `https://app.example/client-${turn}.json` : id
  sites.publish(clientId, changes, page)
  const seen = await visit(scene, { client_id: clientId, redirect_uri: redirect })
  if (seen.status !== 200) return `authorize ${seen.status}`
  const code = new URL((await decide(seen)).headers.get('location') ?? '').searchParams.get('code') ?? ''
  const assertion = signs === undefined ? {} : assertionForm(await signer(server, clientId, signs, 'ES256')())
  const form = { grant_type: 'authorization_code', code, code_verifier: VERIFIER, redirect_uri: redirect }
  const answer = await postForm(server, '/oauth/token', {
    ...form,
    client_id: clientId,
    resource: RESOURCE,
    ...assertion,
  })
  return `token ${answer.status}`
}

const cases: readonly (readonly [rule: string, kept: Attempt, broken: readonly Attempt[]])[] = [
  [
    'section 3 the client id is an https URL with a path, without fragment, credentials and dot segments',
    { id: 'https://app.example/a/b' },
    [
      { id: 'http://app.example/a/b' },
      { id: 'https://app.example/a/b#c' },
      { id: 'https://ada@app.example/a/b' },
      { id: 'https://app.example/a/../b' },
      { id: 'https://app.example' },
    ],
  ],
  [
    'section 4 the document names itself, by simple string comparison',
    {},
    [{ changes: { client_id: `${CLIENT_ID}/` } }, { changes: { client_id: undefined } }],
  ],
  [
    'section 4 it is JSON, and says so',
    { page: { type: 'application/json' } },
    [{ page: { type: 'text/plain' } }, { page: { type: 'text/html' } }, { page: { body: 'client_id=x' } }],
  ],
  [
    'section 4.1 it holds no secret that is shared, and needs none',
    { changes: { token_endpoint_auth_method: 'none' } },
    [
      { changes: { client_secret: 'x' } },
      { changes: { client_secret_expires_at: 0 } },
      { changes: { token_endpoint_auth_method: 'client_secret_basic' } },
      { changes: { token_endpoint_auth_method: 'client_secret_post' } },
      { changes: { token_endpoint_auth_method: 'client_secret_jwt' } },
    ],
  ],
  [
    'section 4.1 it holds no private key',
    { changes: SIGNS, signs: key },
    [
      { changes: { ...SIGNS, jwks: { keys: [{ ...published, d: 'AAAA' }] } }, signs: key },
      { changes: { ...SIGNS, jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } }, signs: key },
    ],
  ],
  [
    'section 4.2 answers go where it says',
    { changes: { redirect_uris: [CALLBACK, 'https://app.example/two'] }, redirect: 'https://app.example/two' },
    [{ redirect: 'https://evil.example/callback' }, { redirect: `${CALLBACK}?x=1` }],
  ],
  [
    'section 5 only 200 is success, and no redirect is followed',
    { page: { status: '200 OK' } },
    [
      { page: { status: '201 Created' } },
      { page: { status: '404 Not Found' } },
      { page: { status: '302 Found', fields: ['location: https://app.example/elsewhere'] } },
    ],
  ],
  [
    'section 8.2 a client that declares private_key_jwt proves itself with its published key',
    { changes: SIGNS, signs: key },
    [{ changes: SIGNS }, { changes: SIGNS, signs: stranger }],
  ],
  [
    'section 8.6 nothing is read from inside a network',
    { id: 'https://outside.flood.example/c' },
    [{ id: 'https://inside.flood.example/c' }, { id: 'https://10.0.0.7/c' }, { id: 'https://localhost/c' }],
  ],
  ['section 8.7 it is not endless', {}, [{ changes: { padding: 'x'.repeat(6000) } }]],
]

test.each(cases)('AS-021 %s', async (_, kept, broken) => {
  expect(await attempt(kept)).toBe('token 200')
  for (const one of broken) expect(['authorize 400', 'token 401']).toContain(await attempt(one))
})
