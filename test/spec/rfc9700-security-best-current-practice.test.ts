/**
 * The advice of the Best Current Practice, as far as somebody outside can see whether it is followed: with the pages as a person
 * gets them, and with the answers as an attacker does.
 *
 * @see RFC 9700 section 2 and section 4
 *
 * @standard RFC 9700: Best Current Practice for OAuth 2.0 Security
 * @status followed
 * @does each threat that concerns us has a file in `test/attacks/`
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { decodeJwt } from 'jose'
import {
  approve,
  authorizationQuery,
  codeForm,
  createBrowser,
  createTestServer,
  ISSUER,
  obtainCode,
  obtainTokens,
  postForm,
  REDIRECT_URI,
  RESOURCE,
  registerClient,
  VERIFIER,
} from '../support/authorization-server.ts'
import { addSecretClient } from '../support/confidential-clients.ts'
import { expectError } from '../support/oauth-error.ts'
import { createPerson } from '../support/person.ts'

const OTHER = 'https://other.example/mcp'
const server = await createTestServer({
  client_credentials: { enabled: true },
  resources: [
    { identifier: RESOURCE, scopes: { 'notes:read': 'Read', 'notes:write': 'Write' } },
    { identifier: OTHER, scopes: { read: 'Read' } },
  ],
})
afterAll(() => server.close())
const { client_id } = await registerClient(server)

const token = (form: Parameters<typeof postForm>[2], headers?: Record<string, string>) =>
  postForm(server, '/oauth/token', form, headers)
const authorize = async (changes: Parameters<typeof authorizationQuery>[1] = {}) =>
  createBrowser(server).fetch(`/oauth/authorize?${await authorizationQuery(client_id, changes)}`)
/** What an application is told at its redirect URI. */
const answerTo = async (changes: Parameters<typeof authorizationQuery>[1]) => {
  const outcome = await approve(server, await authorizationQuery(client_id, changes))
  return Object.fromEntries(outcome.searchParams)
}

describe('section 2.1 redirects', () => {
  test.each([`${REDIRECT_URI}/`, `${REDIRECT_URI}?x`, `${REDIRECT_URI}#x`, REDIRECT_URI.toUpperCase(), '*'])(
    'AS-043 MUST match by exact string: %p gets no redirect',
    async (redirect_uri) => {
      const response = await authorize({ redirect_uri })
      expect([response.status, response.headers.get('location')]).toEqual([400, null])
    },
  )

  test('section 4.11 an error goes to the redirect URI only once client and URI are verified', async () => {
    const response = await createBrowser(server).fetch(
      `/oauth/authorize?${await authorizationQuery('nobody', { scope: 'nonsense' })}`,
    )
    expect([response.status, response.headers.get('location')]).toEqual([400, null])
    const known = await authorize({ scope: 'nonsense', prompt: 'none' })
    expect(known.headers.get('location')).toStartWith(`${REDIRECT_URI}?error=invalid_scope`)
  })

  test('AS-055 section 4.12 MUST NOT be 307: what was posted, the password, is not sent on', async () => {
    const browser = createBrowser(server)
    const statuses: number[] = []
    const noted = {
      fetch: async (path: string, init?: RequestInit) => {
        const response = await browser.fetch(path, init)
        if (init?.method === 'POST') statuses.push(response.status)
        return response
      },
    }
    await createPerson(noted as never).visit(`${ISSUER}/oauth/authorize?${await authorizationQuery(client_id)}`)
    expect(statuses).toEqual([303, 303])
  })
})

describe('section 2.1.1 authorization codes', () => {
  test('AS-047 MUST use PKCE, S256, whoever asks', async () => {
    const { basic: _, ...confidential } = await addSecretClient(server)
    for (const id of [client_id, confidential.id]) {
      for (const changes of [
        { code_challenge: undefined, code_challenge_method: undefined },
        { code_challenge_method: 'plain' },
        { code_challenge_method: undefined },
      ]) {
        const outcome = await approve(server, await authorizationQuery(id, changes))
        expect(outcome.searchParams.get('error')).toBe('invalid_request')
      }
    }
  })

  test('section 4.5 a code that was stolen is worth nothing in another session: the verifier is another', async () => {
    const code = await obtainCode(server, client_id)
    const stolen = { ...codeForm(client_id, code), code_verifier: `${VERIFIER}-of-another-session` }
    await expectError(await token(stolen), 400, 'invalid_grant')
  })

  test('section 4.8.2 a verifier where there was no challenge: there is no such code', async () => {
    const outcome = await approve(server, await authorizationQuery(client_id, { code_challenge: undefined }))
    expect(outcome.searchParams.has('code')).toBe(false)
  })

  test('AS-011 section 2.1.1 whoever asks can see that PKCE is supported', async () => {
    expect((await server.as.metadata()).code_challenge_methods_supported).toEqual(['S256'])
  })
})

describe('section 2.1.2 section 2.4 grants that must not be there', () => {
  test.each(['token', 'id_token', 'code token', 'code id_token', 'none'])('response_type %s', async (response_type) => {
    const answer = await answerTo({ response_type })
    expect([answer['error'], 'access_token' in answer]).toEqual(['unsupported_response_type', false])
  })

  test('the password grant, with the right password', async () => {
    const form = { grant_type: 'password', username: 'ada', password: 'correct horse battery', client_id }
    await expectError(await token(form), 400, 'unsupported_grant_type')
  })

  test('neither is claimed', async () => {
    const { grant_types_supported, response_types_supported } = await server.as.metadata()
    expect(response_types_supported).toEqual(['code'])
    for (const grant of ['implicit', 'password']) expect(grant_types_supported).not.toContain(grant)
  })
})

describe('section 2.2.2 section 4.14 refresh tokens', () => {
  test('AS-067 MUST be found out when one is used twice: both who hold it lose everything', async () => {
    const stolen = await obtainTokens(server, client_id)
    const refresh = (refresh_token: string) => token({ grant_type: 'refresh_token', refresh_token, client_id })
    const honest = await (await refresh(stolen.refresh_token)).json()
    server.clock.now += 11
    await expectError(await refresh(stolen.refresh_token), 400, 'invalid_grant')
    await expectError(await refresh(honest.refresh_token), 400, 'invalid_grant')
  })

  test('section 4.14.2 MUST be bound to scope and resource, as consented', async () => {
    const { refresh_token } = await obtainTokens(server, client_id)
    const more = { grant_type: 'refresh_token', refresh_token, client_id }
    await expectError(await token({ ...more, resource: OTHER }), 400, 'invalid_target')
    await expectError(await token({ ...more, scope: 'notes:read notes:admin' }), 400, 'invalid_scope')
    expect((await token(more)).status).toBe(200)
  })
})

describe('section 2.3 access tokens can do as little as possible', () => {
  test('AS-065 one resource, and what was agreed to', async () => {
    const { access_token } = await obtainTokens(server, client_id)
    const { aud, scope } = decodeJwt(access_token)
    expect([aud, scope]).toEqual([RESOURCE, 'notes:read notes:write'])
    expect((await answerTo({ resource: [RESOURCE, OTHER] }))['error']).toBe('invalid_target')
    expect((await answerTo({ resource: OTHER }))['error']).toBe('invalid_scope')
  })

  test('section 4.10.2 a resource that got a token sees nothing in another', async () => {
    const other = await addSecretClient(server, { resource: OTHER })
    const { access_token } = await obtainTokens(server, client_id)
    const answer = await postForm(server, '/oauth/introspect', { token: access_token }, other.basic)
    expect(await answer.json()).toEqual({ active: false })
  })
})

test('section 2.5 asymmetric client authentication is there', async () => {
  expect((await server.as.metadata()).token_endpoint_auth_methods_supported).toContain('private_key_jwt')
})

describe('section 4.2 section 4.3 nothing leaks through URLs', () => {
  test('pages send no referrer and load nothing from elsewhere', async () => {
    const person = createBrowser(server)
    const first = await person.fetch(`/oauth/authorize?${await authorizationQuery(client_id)}`)
    const page = await person.fetch(first.headers.get('location') ?? '')
    expect(page.headers.get('referrer-policy')).toBe('no-referrer')
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
    const sources = [...(await page.text()).matchAll(/(?:src|href)="([^"]*)"/g)].map(([, source]) => source ?? '')
    expect(sources.filter((source) => !source.startsWith('/'))).toEqual([])
  })

  test('section 4.3.2 tokens in a query are not read', async () => {
    const { access_token, refresh_token } = await obtainTokens(server, client_id)
    for (const value of [access_token, refresh_token]) {
      const query = new URLSearchParams({ token: value, access_token: value, client_id })
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      const response = await server.fetch(`/oauth/revoke?${query}`, {
        method: 'POST',
        headers,
        body: `client_id=${client_id}`,
      })
      await expectError(response, 400, 'invalid_request')
    }
    expect((await token({ grant_type: 'refresh_token', refresh_token, client_id })).status).toBe(200)
  })
})

test('AS-050 section 4.4.2 MUST say who answers, in good and in bad news', async () => {
  for (const changes of [{}, { scope: 'nonsense' }, { response_type: 'token' }]) {
    expect((await answerTo(changes))['iss']).toBe(ISSUER)
  }
  expect((await server.as.metadata()).authorization_response_iss_parameter_supported).toBe(true)
})

test('AS-051 section 4.7 `state` comes back as it was sent, and is not needed', async () => {
  for (const state of ['x', 'a&b=c#d', '\u00e4 %20+', 'x'.repeat(500)]) {
    expect((await answerTo({ state }))['state']).toBe(state)
  }
  expect(await answerTo({ state: undefined })).not.toHaveProperty('state')
})

test('section 4.15 a client cannot pass for a person: its id is chosen here, and no person has it', async () => {
  const wanted = await registerClient(server, { client_id: server.userId })
  expect(wanted.client_id).not.toBe(server.userId)
  const machine = await addSecretClient(server)
  const form = { grant_type: 'client_credentials', resource: RESOURCE, scope: 'notes:read' }
  const { access_token } = await (await token(form, machine.basic)).json()
  expect(decodeJwt(access_token)).toMatchObject({ sub: machine.id, client_id: machine.id })
  expect(await server.store.users.find(machine.id)).toBeNull()
})

test('AS-056 section 4.16 MUST NOT be framed', async () => {
  const response = await createBrowser(server).fetch('/sign-in')
  expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  expect(response.headers.get('x-frame-options')).toBe('DENY')
})
