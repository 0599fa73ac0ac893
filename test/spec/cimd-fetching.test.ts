/**
 * When and how the document behind a client id is read, and what is made of the answer.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 sections 4, 5 and 8
 * @see MCP 2026-07-28, client registration: client ID metadata documents
 * @module
 */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import {
  createBrowser,
  formFields,
  ISSUER,
  obtainCode,
  postForm,
  registerClient,
  USER,
  VERIFIER,
} from '../support/authorization-server.ts'
import {
  authorizationUrl,
  CALLBACK,
  CLIENT_ID,
  createScene,
  documentOf,
  type Page,
  type Scene,
  visit as visitIn,
} from '../support/client-documents.ts'
import { createPerson } from '../support/person.ts'

let scene: Scene
beforeEach(async () => {
  scene = await createScene()
})
afterEach(() => scene.close())

const visit = (changes: Readonly<Record<string, string>> = {}, of: Scene = scene) => visitIn(of, changes)

const reasons = (of: Scene = scene): readonly string[] =>
  of.server.events.flatMap((event) => (event.type === 'client_document_rejected' ? [event.reason] : []))

describe('support', () => {
  test('AS-020 AS-008 section 6 it is told in the metadata, and not when it is off', async () => {
    const metadata = await scene.server.as.metadata()
    expect(metadata.client_id_metadata_document_supported).toBe(true)
    const without = await createScene({ cimd: { enabled: false } })
    expect(await without.server.as.metadata()).not.toHaveProperty('client_id_metadata_document_supported')
    without.sites.publish()
    expect(await visit({}, without)).toMatchObject({ status: 400, title: 'This application is not known here' })
    expect(without.sites.asked).toEqual([])
    await without.close()
  })

  test('AS-020 AS-022 a client is known by its document alone: authorize, redeem, refresh, revoke', async () => {
    scene.sites.publish()
    const callback = await createPerson(scene.server).visit(await authorizationUrl(scene.server))
    expect(callback.origin + callback.pathname).toBe(CALLBACK)
    expect(callback.searchParams.get('iss')).toBe(ISSUER)
    const client = { client_id: CLIENT_ID }
    const redeemed = await postForm(scene.server, '/oauth/token', {
      grant_type: 'authorization_code',
      code: callback.searchParams.get('code') ?? '',
      code_verifier: VERIFIER,
      redirect_uri: CALLBACK,
      ...client,
    })
    expect(redeemed.status).toBe(200)
    const { refresh_token } = await redeemed.json()
    const refreshed = await postForm(scene.server, '/oauth/token', {
      grant_type: 'refresh_token',
      refresh_token,
      ...client,
    })
    expect(refreshed.status).toBe(200)
    const { access_token } = await refreshed.json()
    expect((await postForm(scene.server, '/oauth/revoke', { token: access_token, ...client })).status).toBe(200)
    expect(scene.sites.asked).toEqual([CLIENT_ID])
  })

  test('AS-034 section 7.1 ids that are made here do not begin with https://', async () => {
    expect((await registerClient(scene.server)).client_id).not.toMatch(/^https?:/i)
  })
})

describe('AS-028 nobody who is not signed in makes this server ask', () => {
  test('a client that is not known yet: sign in first, and nothing of the document is shown', async () => {
    scene.sites.publish(CLIENT_ID, { client_name: 'Canary Name' })
    const browser = createBrowser(scene.server)
    const first = await browser.fetch(await authorizationUrl(scene.server))
    expect([first.status, first.headers.get('location')?.startsWith('/sign-in?')]).toEqual([303, true])
    const page = await (await browser.fetch(first.headers.get('location') ?? '')).text()
    expect(page).toContain('<h1>Sign in</h1>')
    expect(page).not.toContain('Canary Name')
    expect(page).not.toContain('to continue to')
    // A wrong password changes nothing about that.
    const wrong = { ...formFields(page), username: USER.username, password: 'wrong' }
    await browser.fetch('/sign-in', { method: 'POST', body: new URLSearchParams(wrong) })
    expect(scene.sites.asked).toEqual([])
  })

  test.each(['none', 'login', 'consent'])('nor with prompt=%s', async (prompt) => {
    scene.sites.publish()
    const response = await createBrowser(scene.server).fetch(await authorizationUrl(scene.server, { prompt }))
    expect(response.headers.get('location')).toStartWith('/sign-in?')
    expect(scene.sites.asked).toEqual([])
  })

  test.each([
    ['/oauth/token', { grant_type: 'authorization_code', code: 'x', code_verifier: VERIFIER }],
    ['/oauth/token', { grant_type: 'refresh_token', refresh_token: 'x' }],
    ['/oauth/revoke', { token: 'x' }],
    ['/oauth/introspect', { token: 'x' }],
  ])('nor %s', async (path, form) => {
    scene.sites.publish()
    const response = await postForm(scene.server, path, { ...form, client_id: CLIENT_ID })
    expect(response.status).toBe(401)
    expect((await response.json()).error).toBe('invalid_client')
    expect(scene.sites.asked).toEqual([])
  })

  test('a client that is known already is named on the sign-in page, and its copy is not renewed', async () => {
    scene.sites.publish()
    await visit()
    scene.server.clock.now += 600
    const browser = createBrowser(scene.server)
    const first = await browser.fetch(await authorizationUrl(scene.server))
    const page = await (await browser.fetch(first.headers.get('location') ?? '')).text()
    expect(page).toContain('to continue to')
    expect(scene.sites.asked).toEqual([CLIENT_ID])
  })
})

describe('what counts as a document', () => {
  const json = JSON.stringify(documentOf(CLIENT_ID))
  const refused: readonly (readonly [string, Page, string])[] = [
    ['AS-030 a redirect', { status: '302 Found', fields: ['location: https://app.example/other.json'] }, 'redirected'],
    ['AS-030 a permanent redirect', { status: '308 Permanent Redirect', body: json }, 'redirected'],
    ['AS-030 201', { status: '201 Created', body: json }, 'unexpected_status'],
    ['AS-030 203', { status: '203 Non-Authoritative Information', body: json }, 'unexpected_status'],
    ['AS-030 206', { status: '206 Partial Content', body: json }, 'unexpected_status'],
    ['AS-030 404', { status: '404 Not Found', body: json }, 'client_error'],
    ['AS-030 500', { status: '500 Oops', body: json }, 'server_error'],
    ['AS-030 text/html', { type: 'text/html', body: json }, 'wrong_content_type'],
    ['AS-030 text/json', { type: 'text/json', body: json }, 'wrong_content_type'],
    ['AS-030 application/jsonx', { type: 'application/jsonx', body: json }, 'wrong_content_type'],
    ['AS-030 application/+json', { type: 'application/+json', body: json }, 'wrong_content_type'],
    ['AS-024 no JSON', { body: '{' }, 'not_json'],
    ['AS-024 nothing', { body: '' }, 'not_json'],
    ['AS-024 no UTF-8', { body: new Uint8Array([0x7b, 0xff, 0x7d]) }, 'not_json'],
    ['AS-024 a list', { body: `[${json}]` }, 'document'],
    ['AS-024 null', { body: 'null' }, 'document'],
    ['AS-035 more than 5 KB', { body: json.padEnd(5121) }, 'too_large'],
    ['AS-023 another client id', { body: json.replace(CLIENT_ID, `${CLIENT_ID}?`) }, 'client_id'],
  ]
  test.each(refused)('%s does not', async (_, page, reason) => {
    scene.sites.put(CLIENT_ID, page)
    const seen = await visit()
    expect(seen).toMatchObject({ status: 400, location: null })
    expect(reasons()).toEqual([reason])
    // AS-027: told to the person, without the reason, and stored nowhere.
    expect(seen.page).toContain('<code>invalid_client</code>')
    expect(seen.page).not.toContain(reason)
    expect(seen.page).not.toContain('app.example')
    expect(await scene.server.store.clientDocuments.list()).toEqual([])
  })

  const accepted: readonly (readonly [string, Page])[] = [
    ['AS-035 5 KB', { body: json.padEnd(5120) }],
    ['AS-030 application/json with parameters', { body: json, type: 'application/json; charset=utf-8' }],
    ['AS-030 application/cimd+json', { body: json, type: 'Application/CIMD+json' }],
    ['AS-024 a byte order mark', { body: `\ufeff${json}` }],
  ]
  test.each(accepted)('%s does', async (_, page) => {
    scene.sites.put(CLIENT_ID, page)
    expect(await visit()).toMatchObject({ status: 200, title: 'Allow access?' })
  })
})

describe('AS-025 the redirect URI', () => {
  test.each([
    'https://app.example/callback/',
    'https://app.example/callback?x=1',
    'https://app.example:443/callback',
    'https://evil.example/callback',
    'http://127.0.0.1/callback',
  ])('%s is none of the document', async (uri) => {
    scene.sites.publish()
    expect(await visit({ redirect_uri: uri })).toMatchObject({ status: 400, location: null })
  })

  test('AS-046 a loopback port differs each time, for addresses and for localhost', async () => {
    scene.sites.publish(CLIENT_ID, { redirect_uris: ['http://127.0.0.1/callback', 'http://localhost/callback'] })
    for (const uri of ['http://127.0.0.1:50999/callback', 'http://localhost:50999/callback']) {
      expect(await visit({ redirect_uri: uri })).toMatchObject({ status: 200 })
    }
    for (const uri of ['http://127.0.0.1:50999/other', 'http://127.0.0.2:50999/callback']) {
      expect(await visit({ redirect_uri: uri })).toMatchObject({ status: 400 })
    }
  })
})

test('grants in which nobody agrees are not for those who publish a document', async () => {
  const machines = await createScene({ client_credentials: { enabled: true } })
  machines.sites.publish(CLIENT_ID, { grant_types: ['authorization_code', 'client_credentials', 'urn:unknown'] })
  await visit({}, machines)
  const client = await machines.server.store.clientDocuments.find(CLIENT_ID)
  expect(client?.document.grant_types).toContain('client_credentials')
  const answer = await postForm(machines.server, '/oauth/token', {
    grant_type: 'client_credentials',
    client_id: CLIENT_ID,
    scope: 'notes:read',
  })
  expect((await answer.json()).error).toBe('unauthorized_client')
  await machines.close()
})

test('a client without refresh_token in its document gets none', async () => {
  scene.sites.publish(CLIENT_ID, { grant_types: undefined })
  const query = new URL(await authorizationUrl(scene.server)).searchParams
  const code = await obtainCode(scene.server, CLIENT_ID, Object.fromEntries(query))
  const answer = await postForm(scene.server, '/oauth/token', {
    grant_type: 'authorization_code',
    code,
    code_verifier: VERIFIER,
    client_id: CLIENT_ID,
  })
  expect(await answer.json()).not.toHaveProperty('refresh_token')
})
