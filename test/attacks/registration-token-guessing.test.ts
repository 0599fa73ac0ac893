/**
 * Guessing an initial access token, stretching one, and learning from the answers.
 *
 * @see RFC 7591 section 5
 * @see docs/adr/0106-initial-access-tokens.md
 * @module
 */
import { afterAll, expect, test } from 'bun:test'
import { hash } from '../../server/store/hash.ts'
import { random } from '../../server/store/random.ts'
import { createTestServer, obtainTokens, REDIRECT_URI } from '../support/authorization-server.ts'

const server = await createTestServer({ registration: { mode: 'admin_only' } })
afterAll(() => server.close())

const register = (authorization: string, path = '/oauth/register', body: object = { redirect_uris: [REDIRECT_URI] }) =>
  server.fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization },
    body: JSON.stringify(body),
  })

async function create(name: string, changes: { usesLeft?: number; expiresAt?: number } = {}): Promise<string> {
  const token = random()
  const { now } = server.clock
  const record = { name, hash: await hash(token), createdAt: now, expiresAt: now + 600, usesLeft: null, ...changes }
  await server.store.registrationTokens.create(record)
  return token
}

test('AS-039 AS-070 nothing but the token itself registers, and every refusal says the same', async () => {
  const token = await create('laptop')
  const ended = await create('ended', { expiresAt: server.clock.now })
  const usedUp = await create('used up', { usesLeft: 0 })
  expect(token).toMatch(/^[\w-]{43}$/)
  const guesses = [
    '',
    'laptop',
    token.slice(0, -1),
    token.slice(1),
    `${token}A`,
    `${token}.`,
    `${token} ${token}`,
    `${token},${token}`,
    `x, Bearer ${token}`,
    token.toLowerCase(),
    token.toUpperCase(),
    [...token].reverse().join(''),
    `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`,
    await hash(token),
    "' or 1=1 --",
    '%',
    'null',
    'undefined',
    'A'.repeat(10_000),
    ended,
    usedUp,
    ...Array.from({ length: 200 }, () => random()),
  ]
  const answers = new Set<string>()
  for (const guess of guesses) {
    const response = await register(`Bearer ${guess}`)
    answers.add(`${response.status} ${response.headers.get('www-authenticate')} ${await response.text()}`)
  }
  expect([...answers]).toHaveLength(1)
  expect([...answers][0]).toStartWith('401 Bearer realm="OAuth", error="invalid_token" {"error":"invalid_token"')
  expect(await server.store.clients.list()).toEqual([])
  expect(JSON.stringify(server.events)).not.toContain(token)
  expect((await register(`Bearer ${token}`)).status).toBe(201)
})

test('RFC 6750 section 2.3 a token in the query or the body is no token', async () => {
  const token = await create('elsewhere')
  const before = (await server.store.clients.list()).length
  for (const path of [`/oauth/register?access_token=${token}`, `/oauth/register?initial_access_token=${token}`]) {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ redirect_uris: [REDIRECT_URI], access_token: token, initial_access_token: token })
    expect((await server.fetch(path, { method: 'POST', headers, body })).status).toBe(401)
  }
  expect((await server.store.clients.list()).length).toBe(before)
})

test('AS-039 of 32 at once with a token for one client, one registers', async () => {
  const token = await create('once', { usesLeft: 1 })
  const statuses = await Promise.all(Array.from({ length: 32 }, async () => (await register(`Bearer ${token}`)).status))
  expect(statuses.filter((status) => status === 201)).toHaveLength(1)
})

test('an access token of a person is no initial access token, and the other way round', async () => {
  const token = await create('for one client')
  const { client_id } = await (await register(`Bearer ${token}`, '/oauth/register', PUBLIC)).json()
  const { access_token } = await obtainTokens(server, client_id)
  const registering = await register(`Bearer ${access_token}`)
  expect(registering.status).toBe(401)
  expect(await server.as.isLive({ jti: token })).toBe(false)
})

const PUBLIC = {
  redirect_uris: [REDIRECT_URI],
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'refresh_token'],
}
