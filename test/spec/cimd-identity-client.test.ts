/**
 * When the client is known by the URL of its own document, and when it is not.
 *
 * @see MCP 2026-07-28, client registration: client ID metadata documents
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 6, section 8.2
 * @module
 */
import { beforeAll, describe, expect, test } from 'bun:test'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { clientDocument, createSession, memoryStore, privateKeyJwt, type SessionOptions } from '../../client/index.ts'
import { loopback } from '../../client/node/index.ts'
import { failureOf, sessionIn } from '../support/client.ts'
import { type FakeOptions, type FakeWorld, fakeWorld, json } from '../support/fake-authorization-server.ts'

const AS = 'https://as.example.com'
const HOST = 'https://app.example/client.json'
const READS = { client_id_metadata_document_supported: true }

const reading = (more: Record<string, unknown> = {}, fake: FakeOptions = {}): FakeWorld =>
  fakeWorld({ ...fake, serverMetadata: { ...READS, ...more } })
const hosted = (world: FakeWorld, options: SessionOptions = {}) =>
  sessionIn(world, { client: { metadataUrl: HOST }, ...options })
const registrations = (world: FakeWorld) => world.sent('POST', `${AS}/register`)

describe('C-041 the order of priority', () => {
  test('C-041 C-048 where the server reads documents: the URL is the id, and nothing is registered', async () => {
    const world = reading()
    expect((await hosted(world).authorize()).clientId).toBe(HOST)
    expect(world.sent('GET', `${AS}/authorize`)[0]?.query.get('client_id')).toBe(HOST)
    expect(world.sent('POST', `${AS}/token`)[0]?.form.get('client_id')).toBe(HOST)
    expect(registrations(world)).toEqual([])
  })

  const others: readonly [string, Record<string, unknown>][] = [
    ['says nothing of documents', { client_id_metadata_document_supported: undefined }],
    ['says that it does not read them', { client_id_metadata_document_supported: false }],
    ['does not take public clients', { token_endpoint_auth_methods_supported: ['client_secret_basic'] }],
    ['takes client_secret_basic alone, because it does not say', { token_endpoint_auth_methods_supported: undefined }],
  ]
  test.each(others)('C-048 a server that %s: registered there instead', async (_name, metadata) => {
    const world = reading(metadata)
    await hosted(world).authorize()
    expect(registrations(world)).toHaveLength(1)
    expect(world.sent('GET', `${AS}/authorize`)[0]?.query.get('client_id')).not.toBe(HOST)
  })

  test('C-048 C-131 and where there is no registration either: the person has to bring an id', async () => {
    const world = fakeWorld({ serverMetadata: { registration_endpoint: undefined } })
    expect(await failureOf(hosted(world).authorize())).toMatchObject({
      code: 'registration_unavailable',
      interactive: true,
    })
  })

  test('C-041 a pre-registered id and a document are two identities: one of them', () => {
    const both = { id: 'known', metadataUrl: HOST }
    expect(() => createSession('https://mcp.example.com/mcp', { client: both })).toThrow('configuration')
  })

  test.each(['http://app.example/client.json', 'https://app.example', `${HOST}?v=1`, `${HOST}#x`])(
    'C-045 %s cannot be such an id',
    (metadataUrl) => {
      expect(() => createSession('https://mcp.example.com/mcp', { client: { metadataUrl } })).toThrow('configuration')
    },
  )
})

describe('the redirect URI has to be in the document', () => {
  test('C-084 one that is not listed: registered there instead', async () => {
    const world = reading()
    const client = { metadataUrl: HOST, redirectUris: ['https://app.example/callback'] }
    const session = createSession(world.resource, { client, fetch: world.fetch, now: world.now })
    const listed = await session.begin({ redirectUri: 'https://app.example/callback' })
    const other = await session.begin({ redirectUri: 'https://app.example/other' })
    const ids = [listed, other].map(({ url }) => new URL(url).searchParams.get('client_id'))
    expect(ids).toEqual([HOST, 'client-1'])
  })

  const matches: readonly [string, string, boolean][] = [
    ['http://127.0.0.1/callback', 'http://127.0.0.1:5000/callback', true],
    ['http://localhost/callback', 'http://localhost:5000/callback', true],
    ['http://localhost:3118/callback', 'http://localhost:3118/callback', true],
    ['http://localhost:3118/callback', 'http://localhost:5000/callback', false],
    ['http://127.0.0.1/callback', 'http://localhost:5000/callback', false],
    ['http://127.0.0.1/callback', 'http://127.0.0.1:5000/callback/x', false],
    ['https://app.example/callback', 'https://app.example:444/callback', false],
  ]
  test.each(matches)('C-084 listed %s, used %s: %p', async (listed, redirectUri, fits) => {
    const world = reading()
    const client = { metadataUrl: HOST, redirectUris: [listed] }
    const session = createSession(world.resource, { client, fetch: world.fetch, now: world.now })
    const { url } = await session.begin({ redirectUri })
    expect(new URL(url).searchParams.get('client_id') === HOST).toBe(fits)
  })

  test('interactions use what is listed, on any port where none is named', async () => {
    const world = reading()
    for (const [redirectUris, expected] of [
      [['https://app.example/cb', 'http://127.0.0.1/cb'], 'http://127.0.0.1:33418/cb'],
      [['http://localhost:3118/cb'], 'http://localhost:3118/cb'],
      [['http://localhost/cb', 'http://127.0.0.1:9/cb', 'http://127.0.0.1/cb'], 'http://127.0.0.1:33418/cb'],
      [['http://localhost/cb', 'http://127.0.0.1:9/cb'], 'http://127.0.0.1:9/cb'],
      [undefined, 'http://127.0.0.1:33418/callback'],
    ] as const) {
      const client = { metadataUrl: HOST, ...(redirectUris !== undefined && { redirectUris }) }
      await sessionIn(world, { client, store: memoryStore(world.now) }).authorize()
      expect(world.sent('GET', `${AS}/authorize`).at(-1)?.query.get('redirect_uri')).toBe(expected)
    }
  })

  test('C-084 so they do for an id that an administrator registered with certain ones', async () => {
    const world = reading()
    const client = { id: 'known', issuer: AS, redirectUris: ['http://localhost:3118/oauth/callback'] }
    await sessionIn(world, { client }).authorize()
    expect(world.sent('GET', `${AS}/authorize`)[0]?.query.get('redirect_uri')).toBe(client.redirectUris[0] ?? '')
  })

  test('an interaction on this machine declines where all of them are elsewhere', async () => {
    const world = reading()
    const client = { metadataUrl: HOST, redirectUris: ['https://app.example/callback'] }
    for (const interaction of [loopback(), undefined]) {
      const failure = await failureOf(sessionIn(world, { client, ...(interaction && { interaction }) }).authorize())
      expect(failure.code).toBe('interaction_unavailable')
    }
  })

  const bound: readonly [string, RegExp][] = [
    ['http://127.0.0.1/cb', /^http:\/\/127\.0\.0\.1:\d+\/cb$/],
    ['http://localhost/cb?x=y', /^http:\/\/localhost:\d+\/cb\?x=y$/],
  ]
  test.each(bound)('C-086 the listener is bound where %s says', async (uri, expected) => {
    const prepared = await loopback({ open: false, show: () => {} }).prepare({
      resource: 'https://mcp.example.com/mcp',
      issuer: AS,
      redirectUri: undefined,
      registered: [uri],
      issuerSegment: undefined,
      signal: new AbortController().signal,
    })
    expect(prepared?.redirectUri).toMatch(expected)
    const answer = await fetch(prepared?.redirectUri ?? '')
    expect(answer.status).toBe(404)
    await prepared?.close()
  })
})

describe('C-047 a document with keys', () => {
  let jwk: JWK
  beforeAll(async () => {
    jwk = await exportJWK((await generateKeyPair('ES256', { extractable: true })).privateKey)
  })
  const keyed = () => ({ metadataUrl: HOST, auth: privateKeyJwt(jwk) })

  test('C-047 every request to the server is signed, for its issuer', async () => {
    const world = reading({ token_endpoint_auth_methods_supported: ['private_key_jwt'] })
    await hosted(world, { client: keyed() }).authorize()
    const form = world.sent('POST', `${AS}/token`)[0]?.form
    const [, claims = ''] = form?.get('client_assertion')?.split('.') ?? []
    expect(JSON.parse(atob(claims.replace(/-/g, '+').replace(/_/g, '/')))).toMatchObject({ sub: HOST, aud: AS })
  })

  test('C-048 a server that takes no keys: registered there instead', async () => {
    const world = reading()
    await hosted(world, { client: keyed() }).authorize()
    expect(registrations(world)).toHaveLength(1)
  })
})

describe('C-064 the id is portable', () => {
  test('C-064 after the server has changed the same id is used, and no old token', async () => {
    const world = reading()
    const store = memoryStore(world.now)
    await hosted(world, { store }).authorize()
    const next = fakeWorld({ issuer: 'https://new-as.example.com', serverMetadata: READS })
    for (const [method, url] of [
      ['GET', next.serverMetadataUrl],
      ['GET', `${next.as}/authorize`],
      ['POST', `${next.as}/token`],
      ['POST', `${next.as}/register`],
    ] as const) {
      world.on(method, url, async (_request, original) => {
        const answer = await next.fetch(original)
        for (const [token, value] of next.tokens) world.tokens.set(token, value)
        return answer
      })
    }
    world.on('GET', world.metadataUrl, () => json({ resource: world.resource, authorization_servers: [next.issuer] }))
    world.forgetAccessTokens()
    expect((await hosted(world, { store }).fetch(world.resource)).status).toBe(200)
    expect(next.sent('POST', `${next.as}/register`)).toEqual([])
    expect(next.sent('POST', `${next.as}/token`)[0]?.form.get('client_id')).toBe(HOST)
  })

  test('a refresh goes out under the id that the credential was issued to', async () => {
    const world = reading()
    const session = hosted(world)
    await session.authorize()
    world.clock.now += 900
    expect((await session.fetch(world.resource)).status).toBe(200)
    expect(world.sent('POST', `${AS}/token`).at(-1)?.form.get('client_id')).toBe(HOST)
  })
})

test('C-046 what clientDocument writes is what a session uses', async () => {
  const document = clientDocument({ id: HOST, name: 'My host', redirectUris: ['http://127.0.0.1/callback'] })
  expect(document).toMatchObject({ client_id: HOST, token_endpoint_auth_method: 'none' })
  const world = reading()
  await hosted(world).authorize()
  expect(world.sent('GET', `${AS}/authorize`)[0]?.query.get('redirect_uri')).toMatch(
    /^http:\/\/127\.0\.0\.1:\d+\/callback$/,
  )
})
