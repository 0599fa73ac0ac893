/**
 * A refresh token presented under another client id: refused, and nothing revoked, so that nobody can sign others out. (Hosts that
 * registered anew do it in good faith.)
 *
 * @see OAuth 2.1 section 4.3.1 (draft-ietf-oauth-v2-1-16): bound to the client
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { decodeJwt } from 'jose'
import {
  createTestServer,
  obtainTokens,
  postForm,
  registerClient,
  type Tokens,
} from '../support/authorization-server.ts'
import { expectError } from '../support/oauth-error.ts'

const server = await createTestServer()
afterAll(() => server.close())
const owner = (await registerClient(server)).client_id
const other = (await registerClient(server)).client_id
const secret = await registerClient(server, { token_endpoint_auth_method: 'client_secret_post' })

const refresh = (refresh_token: string, client: Record<string, string | undefined> = { client_id: owner }) =>
  postForm(server, '/oauth/token', { grant_type: 'refresh_token', refresh_token, ...client })

describe.each([
  ['another public client', { client_id: other }],
  ['a client that proves who it is', { client_id: secret.client_id, client_secret: secret.client_secret }],
])('AS-068 under the id of %s', (_, client) => {
  const states: readonly [string, (first: Tokens) => Promise<Tokens>, (first: Tokens) => string][] = [
    ['a fresh token', async (first) => first, (first) => first.refresh_token],
    [
      'a token that was consumed just now',
      async (first) => (await refresh(first.refresh_token)).json(),
      (first) => first.refresh_token,
    ],
    [
      'a token that was consumed long ago',
      async (first) => {
        const second = await (await refresh(first.refresh_token)).json()
        server.clock.now += 3600
        return second
      },
      (first) => first.refresh_token,
    ],
  ]
  test.each(states)('%s: invalid_grant, and the family lives on', async (_, prepare, pick) => {
    const first = await obtainTokens(server, owner)
    const current = await prepare(first)
    server.events.length = 0
    for (const _ of [1, 2, 3]) await expectError(await refresh(pick(first), client), 400, 'invalid_grant')
    expect(server.events.map(({ type }) => type)).toEqual(['token_rejected', 'token_rejected', 'token_rejected'])
    expect(await server.as.isLive({ jti: decodeJwt(current.access_token).jti ?? '' })).toBe(true)
    expect((await refresh(current.refresh_token)).status).toBe(200)
  })

  test('nor can it be revoked', async () => {
    const first = await obtainTokens(server, owner)
    for (const token of [first.refresh_token, first.access_token]) {
      // Told apart from nothing: docs/adr/0127-tokens-of-other-clients.md.
      expect((await postForm(server, '/oauth/revoke', { token, ...client })).status).toBe(200)
    }
    expect((await refresh(first.refresh_token)).status).toBe(200)
  })
})

test('under an unknown id: invalid_client, and the family lives on', async () => {
  const first = await obtainTokens(server, owner)
  await expectError(await refresh(first.refresh_token, { client_id: 'nobody' }), 401, 'invalid_client')
  expect((await refresh(first.refresh_token)).status).toBe(200)
})
