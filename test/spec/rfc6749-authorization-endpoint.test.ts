/**
 * The authorization endpoint as a client meets it.
 *
 * @see RFC 6749 section 3.1 and section 4.1
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { hashOpaqueToken } from '../../server/core/tokens/opaque-token.ts'
import { hash } from '../../server/store/hash.ts'
import { readForm } from '../../shared/form.ts'
import {
  approve,
  authorizationQuery,
  createTestServer,
  obtainCode,
  REDIRECT_URI,
  RESOURCE,
  registerClient,
  VERIFIER,
} from '../support/authorization-server.ts'
import { errorOf } from '../support/oauth-error.ts'

const server = await createTestServer()
afterAll(() => server.close())
const { client_id } = await registerClient(server)

type Changes = Parameters<typeof authorizationQuery>[1]

const ask = async (changes: Changes, extra = '', clientId = client_id): Promise<Response> =>
  server.fetch(`/oauth/authorize?${await authorizationQuery(clientId, changes)}${extra}`)

/** The location of a redirect to the client, which is one by 303. */
const redirectOf = (response: Response): URL => {
  expect(response.status).toBe(303)
  const location = response.headers.get('location') ?? ''
  expect(location).toStartWith(`${REDIRECT_URI}?`)
  return new URL(location)
}

describe('section 4.1.2.1 errors that are never redirected', () => {
  const cases: readonly [string, Changes, string?][] = [
    ['no client_id', { client_id: undefined }],
    ['an empty client_id', { client_id: '' }],
    ['an unknown client', { client_id: 'nobody' }],
    ['two client_ids', { client_id: [client_id, client_id] }],
    ['an unregistered redirect URI', { redirect_uri: 'https://evil.example/cb' }],
    ['two redirect URIs, both registered', { redirect_uri: [REDIRECT_URI, REDIRECT_URI] }],
  ]
  test.each(cases)('AS-044 section 4.1.2.1 %s: a 400 page', async (_, changes) => {
    for (const prompt of [undefined, 'none']) {
      const response = await ask({ ...changes, prompt })
      expect(response.status).toBe(400)
      expect(response.headers.get('location')).toBeNull()
      expect(response.headers.get('content-type')).toStartWith('text/html')
    }
  })

  test('AS-044 an unknown client is told to remove and add the server again', async () => {
    expect(await (await ask({ client_id: 'nobody' })).text()).toMatch(
      /[Rr]emove the server in your application and add/,
    )
  })

  test('AS-044 they are audited with their reason', async () => {
    await ask({ client_id: 'nobody' })
    expect(server.events.at(-1)).toEqual({ type: 'authorization_rejected', reason: 'unknown_client' })
    await ask({ redirect_uri: 'https://evil.example/cb' })
    const reason = 'unregistered_redirect_uri'
    expect(server.events.at(-1)).toEqual({ type: 'authorization_rejected', reason, clientId: client_id })
  })
})

describe('section 4.1.2.1 errors that are told to the client', () => {
  const cases: readonly [string, Changes, string][] = [
    ['section 3.1.1 no response_type', { response_type: undefined }, 'invalid_request'],
    ['section 3.1.1 the response_type token', { response_type: 'token' }, 'unsupported_response_type'],
    ['section 3.1.1 the response_type code token', { response_type: 'code token' }, 'unsupported_response_type'],
    ['section 3.1.1 the response_type code id_token', { response_type: 'code id_token' }, 'unsupported_response_type'],
    ['section 3.1.1 the response_type Code', { response_type: 'Code' }, 'unsupported_response_type'],
    ['the response_mode fragment', { response_mode: 'fragment' }, 'invalid_request'],
    ['the response_mode form_post', { response_mode: 'form_post' }, 'invalid_request'],
    ['section 3.3 an unknown scope', { scope: 'notes:read nonsense' }, 'invalid_scope'],
    ['section 3.3 a scope in another case', { scope: 'Notes:Read' }, 'invalid_scope'],
    ['section 3.3 a malformed scope', { scope: 'notes:read\tnotes:write' }, 'invalid_scope'],
    ['section 3.3 a quote in the scope', { scope: 'notes:read"' }, 'invalid_scope'],
    ['AS-048 two response_types', { response_type: ['code', 'code'] }, 'invalid_request'],
    ['AS-048 two scopes', { scope: ['notes:read', 'notes:read'] }, 'invalid_request'],
    ['AS-048 two challenges', { code_challenge: ['a', 'b'] }, 'invalid_request'],
    ['AS-048 two challenge methods', { code_challenge_method: ['S256', 'S256'] }, 'invalid_request'],
    ['AS-048 two prompts', { prompt: ['consent', 'consent'] }, 'invalid_request'],
    ['AS-048 two response_modes', { response_mode: ['query', 'query'] }, 'invalid_request'],
  ]
  test.each(cases)('%s', async (_, changes, error) => {
    const params = errorOf(redirectOf(await ask(changes)))
    expect(params).toEqual({
      error,
      error_description: expect.any(String),
      state: 'state-1',
      iss: server.issuer,
    })
  })

  test('AS-048 two states: neither is echoed', async () => {
    const params = errorOf(redirectOf(await ask({ state: ['a', 'b'] })))
    expect(params).toEqual({ error: 'invalid_request', error_description: expect.any(String), iss: server.issuer })
  })

  test('a client that did not register the grant: unauthorized_client', async () => {
    const other = await registerClient(server, { grant_types: ['refresh_token'] })
    expect(errorOf(redirectOf(await ask({}, '', other.client_id)))['error']).toBe('unauthorized_client')
  })

  test('they are audited with their reason and the client', async () => {
    await ask({ scope: 'nonsense' })
    expect(server.events.at(-1)).toEqual({
      type: 'authorization_rejected',
      reason: 'unknown_scope',
      clientId: client_id,
    })
  })

  test('AS-058 a person who declines: access_denied', async () => {
    const outcome = await server.as.authorize(readForm(await authorizationQuery(client_id)))
    if (outcome.kind !== 'valid') throw new Error(outcome.kind)
    const params = errorOf(new URL(server.as.deny(outcome.request, server.userId)))
    expect(params).toEqual({
      error: 'access_denied',
      error_description: expect.any(String),
      state: 'state-1',
      iss: server.issuer,
    })
    expect(server.events.at(-1)).toMatchObject({ type: 'authorization_denied', userId: server.userId })
  })
})

describe('section 3.1 parameters', () => {
  test('AS-048 unknown ones are ignored, repeated or not', async () => {
    const extra = '&foo=1&foo=2&request=x&nonce=y&__proto__=z&constructor=a'
    const response = await ask({}, extra)
    expect(response.headers.get('location')).toStartWith('/sign-in?')
  })

  test('AS-048 empty ones count as omitted', async () => {
    expect((await ask({ prompt: '', response_mode: '', resource: '' })).headers.get('location')).toStartWith(
      '/sign-in?',
    )
    expect(errorOf(redirectOf(await ask({ scope: '' })))['error']).toBe('invalid_scope')
    expect(errorOf(redirectOf(await ask({ scope: 'nonsense', state: '' })))['state']).toBeUndefined()
  })

  const states = [
    'a b+c%20d&e=f#g',
    '<script>alert(1)</script>',
    '\r\nset-cookie: x=y',
    '\u00e9\u{1F511}\u0000',
    '%00%0d%0a',
    '"\'`\\',
    'x'.repeat(300),
    '=',
    ' ',
  ]
  test.each(states)('AS-051 state comes back exactly: %p', async (state) => {
    const refused = redirectOf(await ask({ state, scope: 'nonsense' }))
    expect(refused.searchParams.getAll('state')).toEqual([state])
    const granted = await approve(server, await authorizationQuery(client_id, { state }))
    expect(granted.searchParams.getAll('state')).toEqual([state])
    expect([...granted.searchParams.keys()]).toEqual(['code', 'state', 'iss'])
  })

  test('AS-051 no state, no state', async () => {
    const granted = await approve(server, await authorizationQuery(client_id, { state: undefined }))
    expect([...granted.searchParams.keys()]).toEqual(['code', 'iss'])
  })
})

describe('section 3.1.2 the redirect URI', () => {
  test('may be left out when just one is registered', async () => {
    const location = await approve(server, await authorizationQuery(client_id, { redirect_uri: undefined }))
    expect(location.href).toStartWith(`${REDIRECT_URI}?code=`)
  })

  test('may not be left out when several are', async () => {
    const two = await registerClient(server, { redirect_uris: [REDIRECT_URI, 'http://127.0.0.1/other'] })
    const response = await ask({ redirect_uri: undefined }, '', two.client_id)
    expect([response.status, response.headers.get('location')]).toEqual([400, null])
  })

  test('section 3.1.2 its own query is kept as it was written', async () => {
    const uri = 'http://127.0.0.1:7777/callback?b=%20x&a=1+2'
    const own = await registerClient(server, { redirect_uris: [uri] })
    for (const changes of [{ redirect_uri: uri }, { redirect_uri: undefined }]) {
      const outcome = await server.as.authorize(readForm(await authorizationQuery(own.client_id, changes)))
      if (outcome.kind !== 'valid') throw new Error(outcome.kind)
      expect(await server.as.approve(outcome.request, server.userId)).toStartWith(`${uri}&code=`)
    }
  })
})

describe('section 4.1.2 the code', () => {
  test('AS-052 is bound to client, redirect URI, challenge, resource and scope, for a minute', async () => {
    const code = await obtainCode(server, client_id, { scope: 'notes:write' })
    expect(await server.store.codes.find(await hashOpaqueToken(code, hash))).toEqual({
      code: {
        hash: await hashOpaqueToken(code, hash),
        grantId: expect.any(String),
        redirectUri: REDIRECT_URI,
        codeChallenge: await hash(VERIFIER),
        boundTo: null,
        expiresAt: server.clock.now + 60,
        consumedAt: null,
      },
      grant: expect.objectContaining({ clientId: client_id, resource: RESOURCE, scopes: ['notes:write'] }),
    })
  })

  test('AS-070 is 256 random bits, stored as a hash only', async () => {
    const codes = await Promise.all(Array.from({ length: 20 }, () => obtainCode(server, client_id)))
    expect(new Set(codes).size).toBe(20)
    for (const code of codes) {
      expect(code).toMatch(/^\w{12}\.[\w-]{43}$/)
      const stored = await hashOpaqueToken(code, hash)
      expect(stored).toBe(`${code.slice(0, 13)}${await hash(code)}`)
      for (const other of [code, await hash(code)]) expect(await server.store.codes.find(other)).toBeNull()
    }
  })

  test('AS-052 lives as long as the setting says', async () => {
    const short = await createTestServer({ code: { lifetime: 5 } })
    const client = await registerClient(short)
    const code = await obtainCode(short, client.client_id)
    expect((await short.store.codes.find(await hashOpaqueToken(code, hash)))?.code.expiresAt).toBe(short.clock.now + 5)
    await short.close()
  })
})
