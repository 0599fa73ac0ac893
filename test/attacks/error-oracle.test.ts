/**
 * Errors that would tell a guesser how close they are. What is unknown, late, used or revoked looks the same on the wire; the audit
 * log knows better.
 *
 * @see RFC 6749 section 5.2
 * @module
 */
import { afterAll, expect, test } from 'bun:test'
import {
  codeForm,
  createTestServer,
  obtainCode,
  obtainTokens,
  postForm,
  registerClient,
} from '../support/authorization-server.ts'

const server = await createTestServer()
afterAll(() => server.close())
const { client_id } = await registerClient(server)

/** All that a caller sees, but for the name of the request, which only counts. */
async function wire(answer: Promise<Response>) {
  const response = await answer
  const headers = new Headers(response.headers)
  headers.delete('x-request-id')
  return { status: response.status, headers: [...headers].toSorted(), body: await response.text() }
}

const reason = () => {
  const event = server.events.findLast(({ type }) => type === 'token_rejected')
  return event?.type === 'token_rejected' ? event.reason : undefined
}

test('AS-052 a code: unknown, late, used', async () => {
  const redeem = (code: string) => wire(postForm(server, '/oauth/token', codeForm(client_id, code)))
  const reasons: unknown[] = []

  const unknown = await redeem('x'.repeat(43))
  reasons.push(reason())
  const used = await obtainCode(server, client_id)
  await redeem(used)
  expect(await redeem(used)).toEqual(unknown)
  reasons.push(reason())
  const late = await obtainCode(server, client_id)
  server.clock.now += 60
  expect(await redeem(late)).toEqual(unknown)
  reasons.push(reason())
  expect(await redeem('short')).toEqual(unknown)
  reasons.push(reason())

  expect(unknown.status).toBe(400)
  expect(reasons).toEqual(['unknown_code', 'replayed_code', 'expired_code', 'unknown_code'])
})

test('AS-067 a refresh token: unknown, used', async () => {
  const refresh = (refresh_token: string) =>
    wire(postForm(server, '/oauth/token', { grant_type: 'refresh_token', refresh_token, client_id }))
  const { refresh_token } = await obtainTokens(server, client_id)
  const unknown = await refresh('x'.repeat(43))
  expect(reason()).toBe('unknown_refresh_token')
  await refresh(refresh_token)
  server.clock.now += 11
  expect(await refresh(refresh_token)).toEqual(unknown)
  expect(reason()).toBe('reused_refresh_token')
})

test('a client secret: wrong, nearly right, empty, of a client that has none', async () => {
  const secret = await registerClient(server, { token_endpoint_auth_method: 'client_secret_post' })
  const { client_secret: right = '' } = secret
  const attempt = (client: string, client_secret: string) =>
    wire(postForm(server, '/oauth/token', { ...codeForm(client, 'x'), client_secret }))
  const wrong = await attempt(secret.client_id, 'wrong')
  expect(wrong.status).toBe(401)
  expect(await attempt(secret.client_id, right.slice(0, -1))).toEqual(wrong)
  expect(await attempt(secret.client_id, `${right}x`)).toEqual(wrong)
  expect(await attempt(secret.client_id, `${right} `)).toEqual(wrong)
  expect(await attempt(client_id, right)).toEqual(wrong)
})

test('RFC 7009 section 2.2 revoking: a token that lives, and one that never was', async () => {
  const revoke = (token: string) => wire(postForm(server, '/oauth/revoke', { token, client_id }))
  const { access_token, refresh_token } = await obtainTokens(server, client_id)
  const unknown = await revoke('nonsense')
  expect(unknown.status).toBe(200)
  for (const token of [access_token, access_token, refresh_token, refresh_token]) {
    expect(await revoke(token)).toEqual(unknown)
  }
})
