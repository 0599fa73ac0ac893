/**
 * Cross-app access: the client's part of enterprise-managed authorization.
 *
 * @see MCP extension io.modelcontextprotocol/enterprise-managed-authorization, sections 2 to 6
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 4.3, section 4.4, section 9
 * @see docs/adr/0198-id-jags-are-kept-in-memory.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { clientDocument, type SessionEvent } from '../../client/index.ts'
import { failureOf } from '../support/client.ts'
import { json, oauthError } from '../support/fake-authorization-server.ts'
import { AS, employeeIn, fakeCompany, ID_JAG, IDP, IDP_TOKEN, TOKEN } from '../support/fake-company.ts'

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

describe('the exchange at the identity provider', () => {
  test('EMA-C03 EMA-C04 EMA-C05 audience is the issuer, resource the identifier of the MCP server', async () => {
    const world = fakeCompany()
    const session = employeeIn(world, {}, { scope: 'notes:read notes:write' })
    expect((await session.fetch(world.resource)).status).toBe(200)
    const [request] = world.exchanges()
    expect(Object.fromEntries(request?.form ?? [])).toEqual({
      grant_type: EXCHANGE,
      requested_token_type: ID_JAG,
      subject_token: 'id-token',
      subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
      audience: AS,
      resource: world.resource,
      scope: 'notes:read notes:write',
    })
  })

  test.each(['saml2', 'refresh_token'] as const)(
    'EMA-C01 EMA-C05 a person may be known by a %s',
    async (identityType) => {
      const world = fakeCompany()
      await employeeIn(world, {}, { identityType }).authorize()
      expect(world.exchanges()[0]?.form.get('subject_token_type')).toBe(
        `urn:ietf:params:oauth:token-type:${identityType}`,
      )
    },
  )

  test('EMA-C06 the client proves itself there as it does for single sign-on, with what is meant for there', async () => {
    const world = fakeCompany()
    await employeeIn(world).authorize()
    expect(world.exchanges()[0]?.headers.get('authorization')).toBe(`Basic ${btoa('notes-at-acme:idp-secret')}`)
    expect(world.redemptions()[0]?.headers.get('authorization')).toBe(`Basic ${btoa('acme-notes:as-secret')}`)
  })

  test('EMA-C06 a client that is public there says its id', async () => {
    const world = fakeCompany()
    await employeeIn(world, {}, { idp: { issuer: IDP, client: { id: 'public' } } }).authorize()
    expect(world.exchanges()[0]?.form.get('client_id')).toBe('public')
  })

  test('EMA-C16 a provider without metadata is asked at the endpoint that was configured', async () => {
    const world = fakeCompany()
    world.on('GET', `${IDP}/.well-known/openid-configuration`, () => new Response(null, { status: 404 }))
    const idp = { issuer: IDP, client: { id: 'public' } }
    expect((await failureOf(employeeIn(world, {}, { idp }).authorize())).code).toBe('server_metadata_not_found')
    await employeeIn(world, {}, { idp: { ...idp, tokenEndpoint: IDP_TOKEN } }).authorize()
    expect(world.redeemed).toHaveLength(1)
  })

  test('RFC 8414 section 3.3 metadata of another issuer is not taken for the provider', async () => {
    const world = fakeCompany({
      idpMetadata: { issuer: 'https://evil.example', token_endpoint: 'https://evil.example/t' },
    })
    expect((await failureOf(employeeIn(world).authorize())).code).toBe('issuer_mismatch')
    expect(world.requests.some(({ body }) => body.includes('id-token'))).toBe(false)
  })

  test('RFC 9111 its metadata is read once, as long as it is fresh', async () => {
    const world = fakeCompany({ expiresIn: 60, jagLifetime: 10 })
    const session = employeeIn(world)
    await session.fetch(world.resource)
    world.clock.now += 60
    await session.fetch(world.resource)
    expect(world.exchanges()).toHaveLength(2)
    expect(world.sent('GET', `${IDP}/.well-known/openid-configuration`)).toHaveLength(1)
    world.clock.now += 300
    await session.fetch(world.resource)
    expect(world.sent('GET', `${IDP}/.well-known/openid-configuration`)).toHaveLength(2)
  })
})

describe('the ID-JAG is looked at', () => {
  type Break = (world: ReturnType<typeof fakeCompany>) => void
  const cases: readonly (readonly [string, Break])[] = [
    [
      'EMA-C07 what was issued is something else',
      ({ jag }) => Object.assign(jag.response, { issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' }),
    ],
    [
      'EMA-C07 what was issued is not named',
      ({ jag }) => Object.assign(jag.response, { issued_token_type: undefined }),
    ],
    ['EMA-C07 it is no JWT', ({ jag }) => Object.assign(jag.response, { access_token: 'opaque' })],
    ['its typ is that of an ordinary JWT', ({ jag }) => Object.assign(jag, { typ: 'JWT' })],
    ['EMA-C12 it is for another server', ({ jag }) => Object.assign(jag.claims, { aud: 'https://other.example' })],
    [
      'EMA-C12 it is for several servers',
      ({ jag }) => Object.assign(jag.claims, { aud: [AS, 'https://other.example'] }),
    ],
    ['it is for another client', ({ jag }) => Object.assign(jag.claims, { client_id: 'other' })],
    [
      'EMA-C13 it names another resource',
      ({ jag }) => Object.assign(jag.claims, { resource: 'https://other.example/mcp' }),
    ],
    [
      'EMA-C13 it names one resource more',
      ({ jag, resource }) => Object.assign(jag.claims, { resource: [resource, 'https://other.example/mcp'] }),
    ],
    ['EMA-C13 it names no resource at all', ({ jag }) => Object.assign(jag.claims, { resource: [] })],
    [
      'EMA-C13 the response names another resource',
      ({ jag }) => Object.assign(jag.response, { resource: 'https://other.example/mcp' }),
    ],
    [
      'EMA-C18 it is bound to a key of somebody else',
      ({ jag }) => Object.assign(jag.claims, { cnf: { jkt: 'A'.repeat(43) } }),
    ],
  ]
  test.each(cases)('%s: it is sent to nobody', async (_, spoil) => {
    const world = fakeCompany()
    spoil(world)
    expect(await failureOf(employeeIn(world).authorize())).toMatchObject({
      code: 'assertion_unusable',
      retryable: false,
    })
    expect(world.exchanges()).toHaveLength(1)
    expect(world.redemptions()).toEqual([])
  })

  test('EMA-C13 one that names no resource, as some providers make them, will do', async () => {
    const world = fakeCompany()
    world.jag.claims = { resource: undefined }
    expect((await employeeIn(world).fetch(world.resource)).status).toBe(200)
  })

  test('EMA-C13 a token for another resource is not used', async () => {
    const world = fakeCompany()
    world.on('POST', TOKEN, () =>
      json({ access_token: 'a', token_type: 'Bearer', resource: 'https://other.example/mcp' }),
    )
    const session = employeeIn(world)
    expect((await failureOf(session.authorize())).code).toBe('invalid_response')
    expect(await session.status()).toBe('signed-out')
  })
})

describe('redeeming it', () => {
  test('EMA-C08 EMA-C10 at the token endpoint, by the JWT bearer grant; no page is opened', async () => {
    const world = fakeCompany()
    await employeeIn(world, {}, { scope: 'notes:read' }).authorize()
    const [request] = world.redemptions()
    expect(Object.fromEntries(request?.form ?? [])).toEqual({
      grant_type: JWT_BEARER,
      assertion: expect.stringMatching(/^ey/),
      resource: world.resource,
    })
    expect(world.requests.filter(({ url }) => url.endsWith('/authorize'))).toEqual([])
  })

  test('EMA-C08 a client that is known by its document', async () => {
    const id = 'https://app.example/client.json'
    const world = fakeCompany({ serverMetadata: { client_id_metadata_document_supported: true } })
    world.jag.claims = { client_id: id }
    await employeeIn(world, { client: { metadataUrl: id } }).authorize()
    expect(world.redemptions()[0]?.form.get('client_id')).toBe(id)
  })

  test('EMA-C09 nothing is registered on the fly', () => {
    expect(() => employeeIn(fakeCompany(), { client: {} })).toThrow('a client that the server knows')
  })

  test('EMA-C02 a server that has other grants is sent nothing, and the provider is not asked', async () => {
    const world = fakeCompany({ serverMetadata: { grant_types_supported: ['authorization_code'] } })
    expect((await failureOf(employeeIn(world).authorize())).code).toBe('grant_unsupported')
    expect([...world.exchanges(), ...world.redemptions()]).toEqual([])
  })

  test('what the provider has narrowed is what was asked for; the scopes are sent where the ID-JAG names none', async () => {
    const world = fakeCompany()
    world.jag.claims = { scope: 'notes:read' }
    const narrowed = await employeeIn(world, {}, { scope: 'notes:read notes:write' }).authorize()
    expect(narrowed.scope).toEqual(['notes:read'])
    world.jag.claims = { scope: undefined }
    await employeeIn(world, {}, { scope: 'notes:read' }).authorize()
    expect(world.redemptions().map(({ form }) => form.get('scope'))).toEqual([null, 'notes:read'])
  })

  test('section 4.4.3 a refresh token is not kept: the company is asked again', async () => {
    const world = fakeCompany({ expiresIn: 60, jagLifetime: 30 })
    world.on('POST', TOKEN, async (request) => {
      const answer = await (await world.redeem(request)).json()
      return json({ ...answer, refresh_token: 'outlasts' })
    })
    const session = employeeIn(world)
    expect((await session.authorize()).refreshable).toBe(false)
    world.clock.now += 60
    await session.fetch(world.resource)
    expect(world.redemptions().map(({ form }) => form.get('grant_type'))).toEqual([JWT_BEARER, JWT_BEARER])
  })

  test('C-121 more scope is a new ID-JAG, for the union', async () => {
    const world = fakeCompany()
    const session = employeeIn(world, {}, { scope: 'notes:read' })
    await session.fetch(world.resource)
    world.mcp.scope = ['notes:write']
    expect((await session.fetch(world.resource)).status).toBe(200)
    expect(world.exchanges().map(({ form }) => form.get('scope'))).toEqual(['notes:read', 'notes:read notes:write'])
  })
})

describe('EMA-C11 an ID-JAG is used until it expires', () => {
  test('and a new one asked for then', async () => {
    const world = fakeCompany({ expiresIn: 100, jagLifetime: 250 })
    const session = employeeIn(world)
    for (let call = 0; call < 4; call += 1) {
      expect((await session.fetch(world.resource)).status).toBe(200)
      world.clock.now += 100
    }
    expect(world.redeemed.map(({ jti }) => jti)).toEqual(['jag-1', 'jag-1', 'jag-1', 'jag-5'])
  })

  test('not where the response gives it less time', async () => {
    const world = fakeCompany({ expiresIn: 100, jagLifetime: 250 })
    world.jag.response = { expires_in: 60 }
    const session = employeeIn(world)
    await session.fetch(world.resource)
    world.clock.now += 100
    await session.fetch(world.resource)
    expect(world.exchanges()).toHaveLength(2)
  })

  test('not for somebody else who has signed in since', async () => {
    const world = fakeCompany({ expiresIn: 100, jagLifetime: 10_000 })
    world.accepted.add('of ada').add('of bob')
    let person = 'of ada'
    const session = employeeIn(world, {}, { identity: () => person })
    await session.fetch(world.resource)
    person = 'of bob'
    world.clock.now += 100
    await session.fetch(world.resource)
    expect(world.exchanges().map(({ form }) => form.get('subject_token'))).toEqual(['of ada', 'of bob'])
    expect(new Set(world.redeemed.map(({ jti }) => jti)).size).toBe(2)
  })

  test('a server that takes each once is sent a new one, and from then on new ones only', async () => {
    const world = fakeCompany({ expiresIn: 100, jagLifetime: 10_000, once: true })
    const session = employeeIn(world)
    for (let call = 0; call < 4; call += 1) {
      expect((await session.fetch(world.resource)).status).toBe(200)
      world.clock.now += 100
    }
    expect(world.exchanges()).toHaveLength(4)
    // One of them was refused.
    expect(world.redemptions()).toHaveLength(5)
  })

  test('a new one that is refused is the end: final, and not tried again', async () => {
    const world = fakeCompany()
    world.on('POST', TOKEN, () => oauthError('invalid_grant', 400, 'we do not know this company'))
    expect(await failureOf(employeeIn(world).authorize())).toMatchObject({ code: 'invalid_grant', final: true })
    expect([world.exchanges().length, world.redemptions().length]).toEqual([1, 1])
  })

  test('trouble of the server is none of the ID-JAG: it waits for the next time', async () => {
    const world = fakeCompany({ expiresIn: 100, jagLifetime: 1000 })
    const session = employeeIn(world)
    await session.fetch(world.resource)
    world.clock.now += 100
    world.on('POST', TOKEN, () => new Response('busy', { status: 503 }))
    expect(await failureOf(session.fetch(world.resource))).toMatchObject({
      code: 'server_unavailable',
      retryable: true,
    })
    world.on('POST', TOKEN, world.redeem)
    expect((await session.fetch(world.resource)).status).toBe(200)
    expect(world.exchanges()).toHaveLength(1)
  })
})

test('EMA-C15 the document of a client says that it can', () => {
  const document = clientDocument({
    id: 'https://app.example/client.json',
    name: 'Notes',
    redirectUris: ['https://app.example/callback'],
    grantTypes: ['authorization_code', 'refresh_token', EXCHANGE, JWT_BEARER],
  })
  expect(document).toMatchObject({
    authorization_grant_profiles_supported: ['urn:ietf:params:oauth:grant-profile:id-jag'],
  })
  const without = clientDocument({
    id: 'https://app.example/client.json',
    name: 'N',
    redirectUris: ['https://app.example/c'],
    grantTypes: [JWT_BEARER],
  })
  expect(Object.keys(without)).not.toContain('authorization_grant_profiles_supported')
})

test('EMA-C17 no event, no URL and no error has an assertion, an identity or a secret in it', async () => {
  const events: SessionEvent[] = []
  const world = fakeCompany()
  const session = employeeIn(world, { onEvent: (event) => void events.push(event) })
  await session.fetch(world.resource)
  world.on('POST', IDP_TOKEN, () => oauthError('invalid_grant'))
  world.on('POST', TOKEN, () => oauthError('invalid_grant'))
  world.forgetAccessTokens()
  const failure = await failureOf(session.fetch(world.resource))
  const told = JSON.stringify([
    events,
    world.requests.map(({ url, query }) => `${url}?${query}`),
    failure,
    failure.message,
    failure.cause,
  ])
  expect(events.length).toBeGreaterThan(5)
  for (const secret of ['id-token', 'idp-secret', 'as-secret', 'eyJ']) expect(told).not.toContain(secret)
})
