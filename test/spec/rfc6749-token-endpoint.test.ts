/**
 * The token endpoint: what it reads, who it answers, what it says. Grants have files of their own.
 *
 * @see RFC 6749 section 2.3, section 3.2, section 4.1.3 and section 5
 *
 * @standard RFC 6749: The OAuth 2.0 Authorization Framework
 * @status partly
 * @does endpoints, errors, client authentication; the grants authorization code (section 4.1), client credentials (section 4.4, off by default) and
 *   refresh (section 6)
 * @missing the implicit grant (section 4.2) and the password grant (section 4.3), which OAuth 2.1 removed
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import type { Client } from '../../server/core/records.ts'
import { hashOpaqueToken } from '../../server/core/tokens/opaque-token.ts'
import { hash } from '../../server/store/hash.ts'
import {
  codeForm,
  createTestServer,
  obtainCode,
  obtainTokens,
  postForm,
  REDIRECT_URI,
  registerClient,
} from '../support/authorization-server.ts'
import { expectError } from '../support/oauth-error.ts'

const server = await createTestServer()
afterAll(() => server.close())
const { client_id } = await registerClient(server)

type Form = Parameters<typeof postForm>[2]
const post = (form: Form, headers?: Record<string, string>) => postForm(server, '/oauth/token', form, headers)
const basic = (id: string, secret: string) => ({ authorization: `Basic ${btoa(`${id}:${secret}`)}` })
const goodForm = async () => codeForm(client_id, await obtainCode(server, client_id))

describe('section 5.1 the answer', () => {
  test('AS-064 says what it must and nothing else, and is not stored', async () => {
    const response = await post(await goodForm())
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toMatch(/^application\/json(;\s*charset=utf-8)?$/)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.json()).toEqual({
      access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      token_type: 'Bearer',
      expires_in: 900,
      refresh_token: expect.stringMatching(/^\w{12}\.[\w-]{43}$/),
      scope: 'notes:read notes:write',
    })
  })

  test('AS-066 lives as long as the setting says', async () => {
    const short = await createTestServer({ access_token: { lifetime: 30 } })
    const client = await registerClient(short)
    expect((await obtainTokens(short, client.client_id)).expires_in).toBe(30)
    await short.close()
  })

  test('AS-069 has no refresh token for a client that did not register the grant', async () => {
    const plain = await registerClient(server, { grant_types: ['authorization_code'] })
    const tokens = await obtainTokens(server, plain.client_id)
    expect(Object.keys(tokens)).toEqual(['access_token', 'token_type', 'expires_in', 'scope'])
  })

  test('AS-070 the refresh token is stored as a hash only', async () => {
    const { refresh_token } = await obtainTokens(server, client_id)
    expect(await server.store.refreshTokens.find(refresh_token)).toBeNull()
    expect(await server.store.refreshTokens.find(await hashOpaqueToken(refresh_token, hash))).not.toBeNull()
  })
})

describe('section 3.2 what is read', () => {
  test.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'])('section 3.2 MUST be POST: %s is 405', async (method) => {
    const response = await server.fetch(`/oauth/token?${new URLSearchParams(await goodForm())}`, { method })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('POST, OPTIONS')
  })

  test('parameters in the query are not read', async () => {
    const form = await goodForm()
    const response = await server.fetch(`/oauth/token?${new URLSearchParams(form)}`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    await expectError(response, 400, 'invalid_request')
    expect((await post(form)).status).toBe(200)
  })

  const contentTypes = ['application/json', 'text/plain', 'multipart/form-data; boundary=x', 'application/xml', '']
  test.each(contentTypes)('section 3.2 a body that claims to be %p is invalid_request', async (contentType) => {
    const form = await goodForm()
    const bodies = [String(new URLSearchParams(form)), JSON.stringify(form)]
    for (const body of bodies) {
      const headers = { 'content-type': contentType }
      await expectError(await server.fetch('/oauth/token', { method: 'POST', headers, body }), 400, 'invalid_request')
    }
  })

  test.each(['application/x-www-form-urlencoded; charset=utf-8', 'Application/X-WWW-Form-Urlencoded'])(
    '%s is a form',
    async (contentType) => {
      expect((await post(await goodForm(), { 'content-type': contentType })).status).toBe(200)
    },
  )

  test('no body at all is invalid_request', async () => {
    await expectError(await server.fetch('/oauth/token', { method: 'POST' }), 400, 'invalid_request')
  })

  const names = ['grant_type', 'code', 'code_verifier', 'redirect_uri', 'client_id'] as const
  test.each(names)('AS-048 two %s are invalid_request, equal or not, and use nothing up', async (name) => {
    const form = await goodForm()
    await expectError(await post({ ...form, [name]: [form[name], form[name]] }), 400, 'invalid_request')
    await expectError(await post({ ...form, [name]: [form[name], 'x'] }), 400, 'invalid_request')
    expect((await post(form)).status).toBe(200)
  })

  const needed = ['grant_type', 'code', 'code_verifier'] as const
  test.each(needed)('section 4.1.3 MUST have a %s; an empty one counts as omitted', async (name) => {
    const form = await goodForm()
    await expectError(await post({ ...form, [name]: undefined }), 400, 'invalid_request')
    await expectError(await post({ ...form, [name]: '' }), 400, 'invalid_request')
  })

  test('AS-048 empty parameters count as omitted, unknown ones are ignored', async () => {
    const form = {
      ...(await goodForm()),
      resource: '',
      client_secret: '',
      redirect_uri: '',
      foo: ['1', '2'],
      __proto__: 'x',
    }
    expect((await post(form)).status).toBe(200)
  })

  test.each([
    'password',
    'client_credentials',
    'implicit',
    'urn:ietf:params:oauth:grant-type:jwt-bearer',
    'AUTHORIZATION_CODE',
  ])('AS-072 section 5.2 the grant type %s is unsupported_grant_type', async (grant_type) => {
    await expectError(await post({ ...(await goodForm()), assertion: 'x', grant_type }), 400, 'unsupported_grant_type')
  })

  test('section 5.2 a grant type that the client did not register is unauthorized_client', async () => {
    const plain = await registerClient(server, { grant_types: ['authorization_code'] })
    const form = { grant_type: 'refresh_token', refresh_token: 'x', client_id: plain.client_id }
    await expectError(await post(form), 400, 'unauthorized_client')
  })
})

describe('section 4.1.3 the redirect URI', () => {
  test('AS-071 that is sent must be the one of the authorization request', async () => {
    for (const redirect_uri of [
      `${REDIRECT_URI}/`,
      'http://127.0.0.1:7778/callback',
      'http://localhost:7777/callback',
    ]) {
      const form = await goodForm()
      await expectError(await post({ ...form, redirect_uri }), 400, 'invalid_grant')
      expect((await post(form)).status).toBe(200)
    }
  })

  test('AS-071 OAuth 2.1 section 10.2 may be left out', async () => {
    expect((await post({ ...(await goodForm()), redirect_uri: undefined })).status).toBe(200)
  })
})

/** A client with a secret; its wishes as an administrator would store them. */
async function confidential(changes: Partial<Client> & { secret?: string; expiresAt?: number } = {}) {
  const { secret = 'a-secret', expiresAt = 0, ...rest } = changes
  const { client_id: model } = await registerClient(server, { token_endpoint_auth_method: 'client_secret_basic' })
  const client = await server.store.clients.find(model)
  if (client === null) throw new Error('the client is gone')
  const id = rest.id ?? `client-${crypto.randomUUID()}`
  const created = { ...client, secrets: [{ hash: await hash(secret), expiresAt }], ...rest, id }
  expect(await server.store.clients.create(created)).toBe(true)
  const { client_id: _, ...form } = codeForm(id, await obtainCode(server, id))
  return { id, secret, form }
}

describe('section 2.3.1 client authentication', () => {
  for (const authMethod of ['client_secret_basic', 'client_secret_post'] as const) {
    test(`AS-060 a client that registered ${authMethod} may use either`, async () => {
      const one = await confidential({ authMethods: [authMethod] })
      expect((await post(one.form, basic(one.id, one.secret))).status).toBe(200)
      const other = await confidential({ authMethods: [authMethod] })
      expect((await post({ ...other.form, client_id: other.id, client_secret: other.secret })).status).toBe(200)
    })
  }

  test('AS-060 a client may repeat its id beside Basic', async () => {
    const { id, secret, form } = await confidential()
    expect((await post({ ...form, client_id: id }, basic(id, secret))).status).toBe(200)
  })

  test('section 2.3.1 Basic holds id and secret form-encoded', async () => {
    const { id, secret, form } = await confidential({ id: 'a client: 100%+', secret: 'p@ss word:%2B+&é' })
    const encode = (text: string) => String(new URLSearchParams({ x: text })).slice(2)
    expect((await post(form, basic(encode(id), encode(secret)))).status).toBe(200)
  })

  test.each(['basic', 'BASIC', 'Basic '])('RFC 7617 section 2 the scheme is %p too', async (scheme) => {
    const { id, secret, form } = await confidential()
    expect((await post(form, { authorization: `${scheme} ${btoa(`${id}:${secret}`)}` })).status).toBe(200)
  })

  test('section 2.3 MUST NOT use more than one method', async () => {
    const { id, secret, form } = await confidential()
    const header = basic(id, secret)
    await expectError(await post({ ...form, client_id: id, client_secret: secret }, header), 400, 'invalid_request')
    await expectError(await post({ ...form, client_secret: secret }, header), 400, 'invalid_request')
    await expectError(
      await post({ ...form, client_secret: 'x' }, { authorization: 'Bearer x' }),
      400,
      'invalid_request',
    )
    expect((await post(form, header)).status).toBe(200)
  })

  describe('AS-060 AS-073 section 5.2 what fails is 401 invalid_client, and uses nothing up', () => {
    type Case = (client: { id: string; secret: string }) => [form: Form, headers?: Record<string, string>]
    const cases: readonly [string, Case][] = [
      ['a wrong secret in Basic', ({ id }) => [{}, basic(id, 'wrong')]],
      ['a wrong secret in the form', ({ id }) => [{ client_id: id, client_secret: 'wrong' }]],
      [
        'the hash of the secret',
        ({ id, secret }) => [{}, basic(id, new Bun.SHA256().update(secret).digest('base64url'))],
      ],
      ['a secret in another case', ({ id, secret }) => [{}, basic(id, secret.toUpperCase())]],
      ['an empty secret', ({ id }) => [{}, basic(id, '')]],
      ['no secret', ({ id }) => [{ client_id: id }]],
      ['an empty secret in the form', ({ id }) => [{ client_id: id, client_secret: '' }]],
      ['no client at all', () => [{}]],
      ['a secret without an id', ({ secret }) => [{ client_secret: secret }]],
      ['an unknown client in Basic', ({ secret }) => [{}, basic('nobody', secret)]],
      ['an unknown client in the form', ({ secret }) => [{ client_id: 'nobody', client_secret: secret }]],
      ['an unknown client without a secret', () => [{ client_id: 'nobody' }]],
      ['another id in the form', ({ id, secret }) => [{ client_id }, basic(id, secret)]],
      ['another scheme', ({ id }) => [{ client_id: id }, { authorization: 'Bearer x' }]],
      ['a scheme without credentials', ({ id }) => [{ client_id: id }, { authorization: 'Basic' }]],
      ['bad base64', ({ id }) => [{ client_id: id }, { authorization: 'Basic %%%' }]],
      ['base64 that is cut off', ({ id }) => [{ client_id: id }, { authorization: 'Basic A' }]],
      ['no colon', ({ id }) => [{}, { authorization: `Basic ${btoa(id)}` }]],
      ['an empty id', ({ secret }) => [{}, basic('', secret)]],
      ['a broken percent-encoding', ({ id }) => [{}, basic(id, '%E0%A4%A')]],
      ['credentials that are not encoded', ({ id, secret }) => [{}, { authorization: `Basic ${id}:${secret}` }]],
    ]
    test.each(cases)('%s', async (_, attempt) => {
      const { id, secret, form } = await confidential()
      const [changes, headers] = attempt({ id, secret })
      await expectError(await post({ ...form, ...changes }, headers), 401, 'invalid_client')
      expect(server.events.at(-1)).toMatchObject({ type: 'token_rejected' })
      expect((await post(form, basic(id, secret))).status).toBe(200)
    })
  })

  test('AS-060 an expired secret is 401 invalid_client, to the second', async () => {
    const expiresAt = server.clock.now + 10
    const early = await confidential({ expiresAt })
    server.clock.now += 9
    expect((await post(early.form, basic(early.id, early.secret))).status).toBe(200)
    const late = await confidential({ expiresAt })
    server.clock.now += 1
    await expectError(await post(late.form, basic(late.id, late.secret)), 401, 'invalid_client')
    expect(server.events.at(-1)).toMatchObject({ reason: 'expired_client_secret' })
  })

  test('AS-001 AS-074 a public client names itself; a secret that it makes up is refused', async () => {
    const form = await goodForm()
    await expectError(await post({ ...form, client_secret: 'made-up' }), 401, 'invalid_client')
    await expectError(await post(form, basic(client_id, 'made-up')), 401, 'invalid_client')
    await expectError(await post(form, basic(client_id, '')), 401, 'invalid_client')
    expect((await post(form)).status).toBe(200)
  })

  test('a client that was removed is unknown, and told to be added again', async () => {
    const gone = await registerClient(server)
    const { refresh_token } = await obtainTokens(server, gone.client_id)
    await server.store.clients.remove(gone.client_id, server.clock.now)
    const form = { grant_type: 'refresh_token', refresh_token, client_id: gone.client_id }
    const { error_description } = await expectError(await post(form), 401, 'invalid_client')
    expect(error_description).toContain('add it again')
  })
})

describe('trouble of our own', () => {
  test('is 503 temporarily_unavailable with Retry-After, never invalid_grant, wherever the database is needed', async () => {
    const down = await createTestServer()
    const client = await registerClient(down)
    const { refresh_token } = await obtainTokens(down, client.client_id)
    await down.store.close()
    const register = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ redirect_uris: [REDIRECT_URI] }),
    }
    const answers = [
      await postForm(down, '/oauth/token', { grant_type: 'refresh_token', refresh_token, client_id: client.client_id }),
      await postForm(down, '/oauth/token', codeForm(client.client_id, 'x')),
      await postForm(down, '/oauth/revoke', { token: refresh_token, client_id: client.client_id }),
      await down.fetch('/oauth/register', register),
    ]
    // Metadata needs the database once a second only: see ADR 0072, and the outages in test/store and test/faults.
    for (const answer of answers) {
      await expectError(answer, 503, 'temporarily_unavailable')
      expect(answer.headers.get('retry-after')).toBe('5')
      expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    }
    expect(down.failures).toHaveLength(answers.length)
  })
})
