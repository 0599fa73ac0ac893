/**
 * A stolen code, redeemed as somebody else or for something else. The thief gets nothing, and the owner loses nothing.
 *
 * @see OAuth 2.1 section 4.1.3 and section 7.5 (draft-ietf-oauth-v2-1-16)
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { decodeJwt } from 'jose'
import { s256 } from '../../shared/pkce.ts'
import {
  codeForm,
  createTestServer,
  obtainCode,
  postForm,
  RESOURCE,
  registerClient,
  type Tokens,
} from '../support/authorization-server.ts'
import { expectError } from '../support/oauth-error.ts'

const OTHER_RESOURCE = 'https://other.example/mcp'
const scopes = { 'notes:read': 'Read', 'notes:write': 'Write' }
const server = await createTestServer({
  resources: [
    { identifier: RESOURCE, scopes },
    { identifier: OTHER_RESOURCE, scopes },
  ],
})
afterAll(() => server.close())
const owner = (await registerClient(server)).client_id
const thief = (await registerClient(server)).client_id
const secretThief = await registerClient(server, { token_endpoint_auth_method: 'client_secret_basic' })
const basic = `Basic ${btoa(`${secretThief.client_id}:${secretThief.client_secret}`)}`

type Theft = readonly [string, Record<string, string | undefined>, Record<string, string>?]
const thefts: readonly Theft[] = [
  ['by another public client', { client_id: thief }],
  ['by another client that proves who it is', { client_id: undefined }, { authorization: basic }],
  ['at another redirect URI', { redirect_uri: 'http://127.0.0.1:7778/callback' }],
  ['at another registered-looking path', { redirect_uri: 'http://127.0.0.1:7777/callback/' }],
  ['with another verifier', { code_verifier: 'attacker-attacker-attacker-attacker-attacker' }],
  ['with the challenge for a verifier', { code_verifier: await s256('x') }],
  ['for another resource', { resource: OTHER_RESOURCE }],
  ['for an unknown resource', { resource: 'https://evil.example' }],
]

const isLive = ({ access_token }: Tokens) => server.as.isLive({ jti: decodeJwt(access_token).jti ?? '' })
const steal = (code: string, [, changes, headers]: Theft) =>
  postForm(server, '/oauth/token', { ...codeForm(owner, code), ...changes }, headers)

describe.each(thefts)('AS-052 a code is redeemed %s', (...theft) => {
  test('before its owner: refused, and the owner redeems it still', async () => {
    const code = await obtainCode(server, owner)
    const error = theft[1]['resource'] === undefined ? 'invalid_grant' : 'invalid_target'
    for (const _ of [1, 2]) await expectError(await steal(code, theft), 400, error)
    const response = await postForm(server, '/oauth/token', codeForm(owner, code))
    expect(response.status).toBe(200)
    expect(await isLive(await response.json())).toBe(true)
  })

  test("AS-063 after its owner: refused, and the owner's tokens live on", async () => {
    const code = await obtainCode(server, owner)
    const tokens: Tokens = await (await postForm(server, '/oauth/token', codeForm(owner, code))).json()
    expect((await steal(code, theft)).status).toBe(400)
    expect(await isLive(tokens)).toBe(true)
    const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token, client_id: owner }
    expect((await postForm(server, '/oauth/token', form)).status).toBe(200)
  })
})

test('AS-063 presented again with everything right: two parties hold it, and what it issued ends', async () => {
  const code = await obtainCode(server, owner)
  const tokens: Tokens = await (await postForm(server, '/oauth/token', codeForm(owner, code))).json()
  server.clock.now += 3600
  await expectError(await postForm(server, '/oauth/token', codeForm(owner, code)), 400, 'invalid_grant')
  expect(await isLive(tokens)).toBe(false)
  const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token, client_id: owner }
  await expectError(await postForm(server, '/oauth/token', form), 400, 'invalid_grant')
})

test('AS-052 a code that nobody redeemed in time is worth nothing, to the second', async () => {
  const [early, late] = [await obtainCode(server, owner), await obtainCode(server, owner)]
  server.clock.now += 59
  expect((await postForm(server, '/oauth/token', codeForm(owner, early))).status).toBe(200)
  server.clock.now += 1
  await expectError(await postForm(server, '/oauth/token', codeForm(owner, late)), 400, 'invalid_grant')
})
