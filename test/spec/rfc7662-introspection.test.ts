/**
 * Introspection: what a token is worth, for its client and its resource, and for nobody else.
 *
 * @see RFC 7662
 *
 * @standard RFC 7662: Token Introspection
 * @status implemented
 * @does access and refresh tokens, for the client that they were issued to and for the resource that they are for; every caller proves who it is
 *   (section 2.1), so [a public client](docs/adr/0101-introspection.md) cannot look at its own
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { decodeJwt } from 'jose'
import {
  codeForm,
  createTestServer,
  obtainCode,
  obtainTokens,
  postForm,
  RESOURCE,
  registerClient,
  type TestServer,
  type Tokens,
} from '../support/authorization-server.ts'
import {
  addClient,
  addSecretClient,
  addSigningClient,
  assertionForm,
  type SecretClient,
} from '../support/confidential-clients.ts'
import { expectError } from '../support/oauth-error.ts'

const OTHER = 'https://other.example/mcp'
const resources = [
  { identifier: RESOURCE, scopes: { 'notes:read': 'Read', 'notes:write': 'Write' } },
  { identifier: OTHER, scopes: { read: 'Read' } },
]
const server = await createTestServer({ client_credentials: { enabled: true }, resources })
afterAll(() => server.close())

type Form = Parameters<typeof postForm>[2]
const post = (form: Form, headers?: Record<string, string>, at: TestServer = server) =>
  postForm(at, '/oauth/introspect', form, headers)

/** What a client is told of a token. */
async function told(token: string, { basic }: SecretClient): Promise<Record<string, unknown>> {
  const response = await post({ token }, basic)
  expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store'])
  return response.json()
}
const INACTIVE = { active: false }

const machineToken = async ({ basic }: SecretClient, resource = RESOURCE, scope = 'notes:read'): Promise<string> => {
  const form = { grant_type: 'client_credentials', resource, scope }
  return (await (await postForm(server, '/oauth/token', form, basic)).json()).access_token
}

/** The server of the resource. */
const notes = await addSecretClient(server, { grantTypes: [], redirectUris: [], resource: RESOURCE })
const { client_id } = await registerClient(server)

describe('section 2.2 the answer', () => {
  test("a person's access token: its claims, and nothing else", async () => {
    const { access_token } = await obtainTokens(server, client_id)
    const { iss, sub, aud, client_id: id, scope, iat, exp, jti } = decodeJwt(access_token)
    expect(await told(access_token, notes)).toEqual({
      active: true,
      token_type: 'Bearer',
      ...{ iss, sub, aud, client_id: id, scope, iat, exp, jti },
    })
    expect(sub).toBe(server.userId)
  })

  test("a machine's access token: `sub` is the client", async () => {
    const machine = await addSecretClient(server)
    const token = await machineToken(machine)
    const { id } = machine
    const expected = { active: true, token_type: 'Bearer', sub: id, client_id: id, aud: RESOURCE, scope: 'notes:read' }
    expect(await told(token, notes)).toMatchObject(expected)
    expect(await told(token, machine)).toMatchObject(expected)
  })

  test('a refresh token, for its own client', async () => {
    const owner = await addSecretClient(server)
    const { refresh_token } = await tokensOf(owner)
    expect(await told(refresh_token, owner)).toEqual({
      active: true,
      iss: server.issuer,
      sub: server.userId,
      aud: RESOURCE,
      client_id: owner.id,
      scope: 'notes:read notes:write',
      iat: server.clock.now,
      exp: server.clock.now + 30 * 86_400,
    })
  })

  test.each([undefined, 'access_token', 'refresh_token', 'nonsense'])(
    'section 2.1 the hint %p changes nothing',
    async (token_type_hint) => {
      const owner = await addSecretClient(server)
      const { access_token, refresh_token } = await tokensOf(owner)
      for (const token of [access_token, refresh_token]) {
        expect(await (await post({ token, token_type_hint }, owner.basic)).json()).toMatchObject({ active: true })
      }
    },
  )
})

/** Of the test's person, through a client with a secret. */
async function tokensOf({ id, basic }: SecretClient): Promise<Tokens> {
  const { client_id: _, ...form } = codeForm(id, await obtainCode(server, id))
  return (await postForm(server, '/oauth/token', form, basic)).json()
}

describe('section 2.2 what is not active says nothing of why', () => {
  test.each([
    ['nothing like a token', 'nonsense'],
    ['something like one', 'a.b.c'],
    ['an unsigned one', `${btoa('{"alg":"none","typ":"at+jwt"}')}.${btoa('{}')}.`],
    ['a long one', 'x'.repeat(8000)],
  ])('%s', async (_, token) => expect(await told(token, notes)).toEqual(INACTIVE))

  test('one with a byte changed, also when the right one was seen before', async () => {
    const { access_token } = await obtainTokens(server, client_id)
    expect(await told(access_token, notes)).toMatchObject({ active: true })
    const [head = '', body = '', signature = ''] = access_token.split('.')
    const changed = signature.startsWith('A') ? `B${signature.slice(1)}` : `A${signature.slice(1)}`
    expect(await told(`${head}.${body}.${changed}`, notes)).toEqual(INACTIVE)
  })

  test('an access token from its very end on', async () => {
    const { access_token } = await obtainTokens(server, client_id)
    server.clock.now += 899
    expect(await told(access_token, notes)).toMatchObject({ active: true })
    server.clock.now += 1
    expect(await told(access_token, notes)).toEqual(INACTIVE)
  })

  test('a refresh token that was used, or expired', async () => {
    const owner = await addSecretClient(server)
    const { refresh_token } = await tokensOf(owner)
    const form = { grant_type: 'refresh_token', refresh_token }
    const next: Tokens = await (await postForm(server, '/oauth/token', form, owner.basic)).json()
    expect(await told(refresh_token, owner)).toEqual(INACTIVE)
    expect(await told(next.refresh_token, owner)).toMatchObject({ active: true })
    server.clock.now += 30 * 86_400
    expect(await told(next.refresh_token, owner)).toEqual(INACTIVE)
  })
})

describe('RFC 7009 section 2.1 what was revoked is inactive at once', () => {
  test('an access token, alone', async () => {
    const owner = await addSecretClient(server)
    const { access_token, refresh_token } = await tokensOf(owner)
    expect(await told(access_token, notes)).toMatchObject({ active: true })
    await postForm(server, '/oauth/revoke', { token: access_token }, owner.basic)
    expect(await told(access_token, notes)).toEqual(INACTIVE)
    expect(await told(refresh_token, owner)).toMatchObject({ active: true })
  })

  test('a family', async () => {
    const owner = await addSecretClient(server)
    const { access_token, refresh_token } = await tokensOf(owner)
    await postForm(server, '/oauth/revoke', { token: refresh_token }, owner.basic)
    expect([await told(access_token, notes), await told(refresh_token, owner)]).toEqual([INACTIVE, INACTIVE])
  })

  test("a machine's token, alone; it is audited", async () => {
    const machine = await addSecretClient(server)
    const [one, other] = [await machineToken(machine), await machineToken(machine)]
    server.events.length = 0
    expect((await postForm(server, '/oauth/revoke', { token: one }, machine.basic)).status).toBe(200)
    expect(server.events).toEqual([
      { type: 'token_revoked', grantId: null, userId: null, clientId: machine.id, resource: RESOURCE },
    ])
    expect(await told(one, notes)).toEqual(INACTIVE)
    expect(await told(other, notes)).toMatchObject({ active: true })
  })

  test("all of a machine's tokens, when it is removed", async () => {
    const machine = await addSecretClient(server)
    const token = await machineToken(machine)
    expect(await told(token, notes)).toMatchObject({ active: true })
    await server.store.clients.remove(machine.id, server.clock.now)
    expect(await told(token, notes)).toEqual(INACTIVE)
  })
})

describe('section 4 only the resource and the client of a token may see it', () => {
  test('another resource, another client, a resource that a refresh token is not for', async () => {
    const owner = await addSecretClient(server)
    const { access_token, refresh_token } = await tokensOf(owner)
    const stranger = await addSecretClient(server)
    const otherResource = await addSecretClient(server, { resource: OTHER })
    const almost = await addSecretClient(server, { resource: `${RESOURCE}/` })
    for (const caller of [stranger, otherResource, almost]) {
      for (const token of [access_token, refresh_token]) expect(await told(token, caller)).toEqual(INACTIVE)
    }
    expect(await told(refresh_token, notes)).toEqual(INACTIVE)
    expect(await told(access_token, owner)).toMatchObject({ active: true })
  })

  test('a client is not the resource that it names its tokens for', async () => {
    const machine = await addSecretClient(server)
    const token = await machineToken(machine)
    const { access_token } = await obtainTokens(server, client_id)
    expect(await told(token, machine)).toMatchObject({ active: true })
    expect(await told(access_token, machine)).toEqual(INACTIVE)
  })
})

describe('section 2.1 MUST require authorization', () => {
  test('without authentication, or with a wrong one', async () => {
    const { access_token: token } = await obtainTokens(server, client_id)
    await expectError(await post({ token }), 401, 'invalid_client')
    await expectError(await post({ token, client_id: notes.id }), 401, 'invalid_client')
    await expectError(await post({ token, client_id: notes.id, client_secret: 'wrong' }), 401, 'invalid_client')
    await expectError(await post({ token, client_id: 'nobody' }), 401, 'invalid_client')
    await expectError(await post({ token }, { authorization: `Bearer ${token}` }), 401, 'invalid_client')
  })

  test('a public client is refused, its own token included; it is audited', async () => {
    const { access_token: token } = await obtainTokens(server, client_id)
    await expectError(await post({ token, client_id }), 401, 'invalid_client')
    expect(server.events.at(-1)).toEqual({
      type: 'introspection_rejected',
      reason: 'client_is_public',
      clientId: client_id,
    })
    const { id } = await addClient(server, { resource: RESOURCE })
    await expectError(await post({ token, client_id: id }), 401, 'invalid_client')
  })

  test('by the form, and by a signed assertion', async () => {
    const { access_token: token } = await obtainTokens(server, client_id)
    const signing = await addSigningClient(server, { resource: RESOURCE })
    const answers = [
      await post({ token, client_id: notes.id, client_secret: notes.secret }),
      await post({ token, ...assertionForm(await signing.sign()) }),
    ]
    for (const answer of answers) expect(await answer.json()).toMatchObject({ active: true })
  })
})

describe('section 2.1 the request', () => {
  test('MUST have one token', async () => {
    await expectError(await post({}, notes.basic), 400, 'invalid_request')
    await expectError(await post({ token: '' }, notes.basic), 400, 'invalid_request')
    await expectError(await post({ token: ['a', 'b'] }, notes.basic), 400, 'invalid_request')
  })

  test.each(['GET', 'PUT', 'DELETE'])('MUST be POST: %s is 405', async (method) => {
    expect((await server.fetch('/oauth/introspect?token=x', { method, headers: notes.basic })).status).toBe(405)
  })

  test('section 4 the metadata says where, and how to authenticate: not without a proof', async () => {
    const metadata = await server.as.metadata()
    expect(metadata.introspection_endpoint).toBe(`${server.issuer}/oauth/introspect`)
    expect(metadata.introspection_endpoint_auth_methods_supported).toEqual([
      'client_secret_basic',
      'client_secret_post',
      'private_key_jwt',
    ])
  })
})
