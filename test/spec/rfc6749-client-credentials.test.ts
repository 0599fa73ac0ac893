/**
 * The `client_credentials` grant: tokens of a client's own.
 *
 * @see RFC 6749 section 4.4
 * @see MCP extension io.modelcontextprotocol/oauth-client-credentials
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { decodeJwt } from 'jose'
import {
  createTestServer,
  postForm,
  RESOURCE,
  registerClient,
  type TestServer,
} from '../support/authorization-server.ts'
import { addClient, addSecretClient, addSigningClient, assertionForm } from '../support/confidential-clients.ts'
import { expectError } from '../support/oauth-error.ts'

const OTHER = 'https://other.example/mcp'
const resources = [
  {
    identifier: RESOURCE,
    aliases: [`${RESOURCE}/`],
    scopes: { read: 'Read', write: 'Write' },
    default_scopes: ['read'],
  },
  { identifier: OTHER, scopes: { read: 'Read', admin: 'Everything' }, access_token_lifetime: 60 },
]
const enabled = { client_credentials: { enabled: true }, resources }
const server = await createTestServer(enabled)
afterAll(() => server.close())

type Form = Parameters<typeof postForm>[2]
const ask = (form: Form = {}, headers?: Record<string, string>, at: TestServer = server) =>
  postForm(
    at,
    '/oauth/token',
    { grant_type: 'client_credentials', resource: RESOURCE, scope: 'read', ...form },
    headers,
  )

describe('section 4.4 off by default', () => {
  test('then it is no grant type here, and the metadata does not name it', async () => {
    const off = await createTestServer({ resources })
    const { basic } = await addSecretClient(off)
    await expectError(await ask({}, basic, off), 400, 'unsupported_grant_type')
    expect((await off.as.metadata()).grant_types_supported).not.toContain('client_credentials')
    await off.close()
  })

  test('CC-A1 enabled, it is advertised, with how clients authenticate', async () => {
    const metadata = await server.as.metadata()
    expect(metadata.grant_types_supported).toContain('client_credentials')
    expect(metadata.token_endpoint_auth_methods_supported).toEqual(
      expect.arrayContaining(['client_secret_basic', 'private_key_jwt']),
    )
    expect(metadata.token_endpoint_auth_signing_alg_values_supported).toContain('ES256')
  })
})

describe('section 4.4.3 the token', () => {
  test('CC-A2 CC-A3 RFC 9068 section 2.2 `sub` is the client, `aud` the resource; no refresh token', async () => {
    const { id, basic } = await addSecretClient(server)
    server.events.length = 0
    const response = await ask({}, basic)
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store'])
    const { access_token, ...rest } = await response.json()
    expect(rest).toEqual({ token_type: 'Bearer', expires_in: 900, scope: 'read' })
    const iat = server.clock.now
    expect(decodeJwt(access_token)).toEqual({
      iss: server.issuer,
      sub: id,
      aud: RESOURCE,
      client_id: id,
      iat,
      exp: iat + 900,
      // Of no grant.
      jti: expect.stringMatching(/^[\w-]{22}$/),
      scope: 'read',
    })
    expect(server.events).toEqual([{ type: 'machine_token_issued', clientId: id, resource: RESOURCE }])
  })

  test('lives as long as its client is registered', async () => {
    const { id, basic } = await addSecretClient(server)
    const claims = decodeJwt((await (await ask({}, basic)).json()).access_token)
    const token = { jti: claims.jti ?? '', client_id: id }
    expect(await server.as.isLive(token)).toBe(true)
    expect(await server.as.isLive({ ...token, client_id: 'nobody' })).toBe(false)
    await server.store.clients.remove(id, server.clock.now)
    expect(await server.as.isLive(token)).toBe(false)
  })

  test('a resource may want it shorter', async () => {
    const { basic } = await addSecretClient(server)
    expect(await (await ask({ resource: OTHER }, basic)).json()).toMatchObject({ expires_in: 60 })
  })
})

describe('section 4.4 MUST be for confidential clients only', () => {
  test('AS-072 a public client does not get one, though it was registered for it', async () => {
    const { id } = await addClient(server)
    await expectError(await ask({ client_id: id }), 400, 'unauthorized_client')
  })

  test('AS-072 nor one that may come without a proof, also when it comes with one', async () => {
    const { id, basic } = await addSecretClient(server, { authMethods: ['client_secret_basic', 'none'] })
    await expectError(await ask({ client_id: id }), 400, 'unauthorized_client')
    await expectError(await ask({}, basic), 400, 'unauthorized_client')
  })

  test('section 4.4.2 the client MUST authenticate', async () => {
    const { id } = await addSecretClient(server)
    await expectError(await ask({ client_id: id }), 401, 'invalid_client')
    await expectError(await ask({ client_id: id, client_secret: 'wrong' }), 401, 'invalid_client')
    await expectError(await ask(), 401, 'invalid_client')
  })

  test('one that was not registered for it', async () => {
    const { basic } = await addSecretClient(server, { grantTypes: ['authorization_code'] })
    await expectError(await ask({}, basic), 400, 'unauthorized_client')
  })

  test.each(['client_secret_basic', 'client_secret_post'])(
    'CC-02 dynamic registration does not give it to a client with %s',
    async (token_endpoint_auth_method) => {
      const {
        client_id,
        client_secret = '',
        grant_types,
      } = await registerClient(server, {
        token_endpoint_auth_method,
        grant_types: ['authorization_code', 'client_credentials'],
      })
      expect(grant_types).toEqual(['authorization_code'])
      await expectError(await ask({ client_id, client_secret }), 400, 'unauthorized_client')
    },
  )

  test('CC-02 nor does the grant take a client that registered itself, however it came by the grant type', async () => {
    const { basic } = await addSecretClient(server, { origin: 'dynamic' })
    await expectError(await ask({}, basic), 400, 'unauthorized_client')
  })
})

describe('RFC 8707 section 2.2 the resource', () => {
  test.each([
    [{ resource: `${RESOURCE}/` }, RESOURCE],
    [{ resource: [RESOURCE, `${RESOURCE}/`] }, RESOURCE],
    [{ resource: OTHER }, OTHER],
  ])('%p', async (form, aud) => {
    const { basic } = await addSecretClient(server)
    expect(decodeJwt((await (await ask(form, basic)).json()).access_token).aud).toBe(aud)
  })

  test.each([
    ['unknown', 'https://nobody.example/mcp'],
    ['none, where there are two', undefined],
    ['two', [RESOURCE, OTHER]],
    ['no URI', 'notes'],
    ['with a fragment', `${RESOURCE}#x`],
  ])('%s: invalid_target', async (_, resource) => {
    const { basic } = await addSecretClient(server)
    await expectError(await ask({ resource }, basic), 400, 'invalid_target')
  })
})

describe('section 4.4.2 the scope', () => {
  const ceiling = { scopeCeiling: ['read'] }

  test.each([
    ['beyond the resource', { scope: 'read admin' }, {}],
    ['beyond the ceiling', { scope: 'write' }, ceiling],
    ['none, where one is required', { scope: undefined }, {}],
    ['malformed', { scope: 'read "x"' }, {}],
  ])('%s: invalid_scope', async (_, form, changes) => {
    const { basic } = await addSecretClient(server, changes)
    await expectError(await ask(form, basic), 400, 'invalid_scope')
  })

  test('is what was asked for; `offline_access` is no scope of a resource', async () => {
    const { basic } = await addSecretClient(server)
    expect(await (await ask({ scope: 'write read offline_access' }, basic)).json()).toMatchObject({
      scope: 'write read',
    })
  })

  test('left out, where that is allowed: the default, within the ceiling', async () => {
    const lax = await createTestServer({ ...enabled, oauth: { require_scope: false } })
    const { basic } = await addSecretClient(lax)
    const { basic: none } = await addSecretClient(lax, { scopeCeiling: ['write'] })
    const scopes = [basic, none].map(
      async (headers) => (await (await ask({ scope: undefined }, headers, lax)).json()).scope,
    )
    expect(await Promise.all(scopes)).toEqual(['read', ''])
    await lax.close()
  })
})

describe('section 2.3 every way of client authentication', () => {
  test('CC-C1 CC-C4 Basic, the form, a signed assertion', async () => {
    const { id, secret, basic } = await addSecretClient(server)
    const signing = await addSigningClient(server)
    const answers = [
      await ask({}, basic),
      await ask({ client_id: id, client_secret: secret }),
      // CC-C2: the identity is the `sub` of the assertion.
      await ask(assertionForm(await signing.sign())),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  })
})

describe('section 4.4 machines that sign', () => {
  test('CC-C3 an assertion is for the issuer alone, byte for byte', async () => {
    const { sign } = await addSigningClient(server)
    const { issuer } = server
    expect((await ask(assertionForm(await sign({ aud: issuer })))).status).toBe(200)
    for (const aud of [`${issuer}/oauth/token`, `${issuer}/`, RESOURCE, [issuer, `${issuer}/oauth/token`]]) {
      await expectError(await ask(assertionForm(await sign({ aud }))), 401, 'invalid_client')
    }
  })

  test('CC-X1 an assertion gets one token, however soon and wherever it is used again', async () => {
    const { sign } = await addSigningClient(server)
    const assertion = assertionForm(await sign())
    const answers = await Promise.all([1, 2, 3].map(() => ask(assertion)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401])
    await expectError(await postForm(server, '/oauth/introspect', { token: 'x', ...assertion }), 401, 'invalid_client')
  })

  test('CC-X1 what is not covered is not claimed: no mutual TLS', async () => {
    const metadata: object = await (await server.fetch('/.well-known/oauth-authorization-server')).json()
    expect(metadata).not.toHaveProperty('mtls_endpoint_aliases')
    expect(JSON.stringify(metadata)).not.toContain('tls_client_auth')
  })
})
