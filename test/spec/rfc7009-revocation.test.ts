/**
 * Revocation of access and refresh tokens.
 *
 * @see RFC 7009 section 2
 * @see docs/adr/0127-tokens-of-other-clients.md
 *
 * @standard RFC 7009: Token Revocation
 * @status implemented
 * @does refresh tokens with their whole family, access tokens one by one
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { decodeJwt } from 'jose'
import {
  createTestServer,
  obtainTokens,
  postForm,
  RESOURCE,
  registerClient,
  type Tokens,
} from '../support/authorization-server.ts'
import { expectError } from '../support/oauth-error.ts'

const server = await createTestServer()
afterAll(() => server.close())
const { client_id } = await registerClient(server)

type Form = Parameters<typeof postForm>[2]
const revoke = (form: Form, headers?: Record<string, string>) => postForm(server, '/oauth/revoke', form, headers)
const refresh = (refresh_token: string, clientId = client_id) =>
  postForm(server, '/oauth/token', { grant_type: 'refresh_token', refresh_token, client_id: clientId })
const isLive = (tokens: Tokens) => server.as.isLive({ jti: decodeJwt(tokens.access_token).jti ?? '' })

describe('section 2.1 what is revoked', () => {
  test.each([undefined, 'refresh_token', 'access_token', 'nonsense'])(
    'a refresh token takes its family along, with the hint %p',
    async (token_type_hint) => {
      const first = await obtainTokens(server, client_id)
      const second: Tokens = await (await refresh(first.refresh_token)).json()
      const response = await revoke({ token: second.refresh_token, client_id, token_type_hint })
      expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store'])
      await expectError(await refresh(second.refresh_token), 400, 'invalid_grant')
      expect([await isLive(first), await isLive(second)]).toEqual([false, false])
    },
  )

  test('a refresh token that was consumed already takes its family along too', async () => {
    const first = await obtainTokens(server, client_id)
    const second: Tokens = await (await refresh(first.refresh_token)).json()
    expect((await revoke({ token: first.refresh_token, client_id })).status).toBe(200)
    await expectError(await refresh(second.refresh_token), 400, 'invalid_grant')
    expect(await isLive(second)).toBe(false)
  })

  test.each([undefined, 'access_token', 'refresh_token', 'nonsense'])(
    'an access token goes alone, with the hint %p',
    async (token_type_hint) => {
      const first = await obtainTokens(server, client_id)
      expect((await revoke({ token: first.access_token, client_id, token_type_hint })).status).toBe(200)
      expect(await isLive(first)).toBe(false)
      const second: Tokens = await (await refresh(first.refresh_token)).json()
      expect(await isLive(second)).toBe(true)
    },
  )

  test('other families live on', async () => {
    const [one, other] = [await obtainTokens(server, client_id), await obtainTokens(server, client_id)]
    await revoke({ token: one.refresh_token, client_id })
    expect(await isLive(other)).toBe(true)
    expect((await refresh(other.refresh_token)).status).toBe(200)
  })

  test('it is audited, once', async () => {
    const { access_token, refresh_token } = await obtainTokens(server, client_id)
    const grantId = decodeJwt(access_token).jti?.split('.')[0] ?? ''
    const parties = { grantId, userId: server.userId, clientId: client_id, resource: RESOURCE }
    server.events.length = 0
    for (const token of [access_token, access_token, refresh_token, refresh_token]) await revoke({ token, client_id })
    expect(server.events).toEqual([
      { type: 'token_revoked', ...parties },
      { type: 'grant_revoked', reason: 'revocation_request', ...parties },
    ])
  })
})

describe('section 2.2 what is gone already is 200 too', () => {
  const unknown: readonly [string, string][] = [
    ['an unknown token', 'nonsense'],
    ['something like a token', 'a.b.c'],
    ['an unsigned token', `${btoa('{"alg":"none"}')}.${btoa('{}')}.`],
    ['a long one', 'x'.repeat(8000)],
    ['one that is no text', '\u0000\uFFFD'],
  ]
  test.each(unknown)('%s', async (_, token) => expect((await revoke({ token, client_id })).status).toBe(200))

  test('a revoked refresh token, an expired access token', async () => {
    const { access_token, refresh_token } = await obtainTokens(server, client_id)
    await revoke({ token: refresh_token, client_id })
    expect((await revoke({ token: refresh_token, client_id })).status).toBe(200)
    server.clock.now += 901
    expect((await revoke({ token: access_token, client_id })).status).toBe(200)
  })
})

describe('section 2.1 who may revoke', () => {
  test('another client may not: the token lives on, the answer is that for a token that nobody knows, the log knows why', async () => {
    const tokens = await obtainTokens(server, client_id)
    const other = await registerClient(server)
    const told = async (token: string) => {
      const response = await revoke({ token, client_id: other.client_id })
      return [response.status, await response.text(), [...response.headers.keys()]]
    }
    const unknown = await told('nonsense')
    expect(unknown.slice(0, 2)).toEqual([200, '{}'])
    for (const token of [tokens.refresh_token, tokens.access_token]) {
      server.events.length = 0
      expect(await told(token)).toEqual(unknown)
      expect(server.events.at(-1)).toEqual({
        type: 'revocation_rejected',
        reason: 'client_mismatch',
        clientId: other.client_id,
      })
    }
    expect(await isLive(tokens)).toBe(true)
    expect((await refresh(tokens.refresh_token)).status).toBe(200)
  })

  test('MUST authenticate a client that has a secret', async () => {
    const secret = await registerClient(server, { token_endpoint_auth_method: 'client_secret_basic' })
    const { client_id: id, client_secret = '' } = secret
    const authorization = `Basic ${btoa(`${id}:${client_secret}`)}`
    await expectError(await revoke({ token: 'x', client_id: id }), 401, 'invalid_client')
    await expectError(await revoke({ token: 'x', client_id: id, client_secret: 'wrong' }), 401, 'invalid_client')
    await expectError(await revoke({ token: 'x' }, { authorization: 'Basic eDp5' }), 401, 'invalid_client')
    expect(server.events.at(-1)).toEqual({ type: 'revocation_rejected', reason: 'unknown_client' })
    expect((await revoke({ token: 'x' }, { authorization })).status).toBe(200)
    expect((await revoke({ token: 'x', client_id: id, client_secret })).status).toBe(200)
  })

  test('no client, or an unknown one', async () => {
    await expectError(await revoke({ token: 'x' }), 401, 'invalid_client')
    await expectError(await revoke({ token: 'x', client_id: 'nobody' }), 401, 'invalid_client')
  })
})

describe('section 2.1 the request', () => {
  test('MUST have one token', async () => {
    await expectError(await revoke({ client_id }), 400, 'invalid_request')
    await expectError(await revoke({ client_id, token: '' }), 400, 'invalid_request')
    await expectError(await revoke({ client_id, token: ['a', 'b'] }), 400, 'invalid_request')
  })

  test('is a form', async () => {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ token: 'x', client_id })
    await expectError(await server.fetch('/oauth/revoke', { method: 'POST', headers, body }), 400, 'invalid_request')
  })

  test.each(['GET', 'PUT', 'DELETE'])('section 2 MUST be POST: %s is 405', async (method) => {
    const { access_token, ...tokens } = await obtainTokens(server, client_id)
    const query = new URLSearchParams({ token: tokens.refresh_token, client_id })
    expect((await server.fetch(`/oauth/revoke?${query}`, { method })).status).toBe(405)
    expect(await isLive({ access_token, ...tokens })).toBe(true)
  })
})
