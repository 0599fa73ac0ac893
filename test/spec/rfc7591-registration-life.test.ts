/**
 * How long a registration lives, seen from outside: through the endpoints, with the purge in between.
 *
 * @see RFC 7591 section 5: registrations that are not used
 * @see docs/adr/0105-the-life-of-a-registration.md
 * @module
 */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { createServer } from '../../server/create-server.ts'
import { readForm } from '../../shared/form.ts'
import {
  approve,
  authorizationQuery,
  codeForm,
  createTestServer,
  obtainTokens,
  postForm,
  REDIRECT_URI,
  registerClient,
  type TestServer,
  type Tokens,
} from '../support/authorization-server.ts'
import { expectError } from '../support/oauth-error.ts'

const DAY = 86_400
const HOUR = 3600

let server: TestServer
beforeEach(async () => {
  server = await createTestServer()
})
afterEach(() => server.close())

const register = async () => (await registerClient(server)).client_id
const find = (id: string) => server.store.clients.find(id)
const purge = async () => {
  while ((await server.store.purge(server.clock.now, 100)) > 0);
}
const later = async (seconds: number) => {
  server.clock.now += seconds
  await purge()
}
const refresh = (clientId: string, refresh_token: string) =>
  postForm(server, '/oauth/token', { grant_type: 'refresh_token', refresh_token, client_id: clientId })
const visit = async (clientId: string) =>
  server.fetch(`/oauth/authorize?${await authorizationQuery(clientId)}`, { redirect: 'manual' })

describe('a client that was never used', () => {
  test('AS-039 is kept for a day, and then it is unknown', async () => {
    const id = await register()
    expect(await find(id)).toMatchObject({ issuedAt: server.clock.now, lastUsedAt: null })
    await later(DAY - 1)
    expect(await find(id)).not.toBeNull()
    await later(1)
    expect(await find(id)).toBeNull()
  })

  test('AS-039 is told invalid_client once it is gone, wherever it comes, so that hosts register again', async () => {
    const id = await register()
    await later(DAY)
    const refused = await expectError(await refresh(id, 'x'), 401, 'invalid_client')
    expect(refused.error_description).toContain('not registered here')
    await expectError(await postForm(server, '/oauth/revoke', { token: 'x', client_id: id }), 401, 'invalid_client')
    const page = await visit(id)
    expect([page.status, page.headers.get('location')]).toEqual([400, null])
    expect(await page.text()).toContain('invalid_client')
  })

  test('AS-039 how long is a setting', async () => {
    const hasty = await createTestServer({ registration: { unused_lifetime: HOUR } })
    const { client_id } = await registerClient(hasty)
    await hasty.store.purge(hasty.clock.now + HOUR - 1, 100)
    expect(await hasty.store.clients.find(client_id)).not.toBeNull()
    await hasty.store.purge(hasty.clock.now + HOUR, 100)
    expect(await hasty.store.clients.find(client_id)).toBeNull()
    await hasty.close()
  })

  test('AS-039 a token request that fails is no use', async () => {
    const id = await register()
    await expectError(await refresh(id, 'nonsense'), 400, 'invalid_grant')
    await expectError(await postForm(server, '/oauth/token', codeForm(id, 'nonsense')), 400, 'invalid_grant')
    await later(DAY)
    expect(await find(id)).toBeNull()
  })

  test('AS-039 nor is an authorization request that nobody answers', async () => {
    const id = await register()
    expect((await visit(id)).status).toBe(303)
    expect(await find(id)).toMatchObject({ lastUsedAt: null, expiresAt: server.clock.now + DAY })
    await later(DAY)
    expect(await find(id)).toBeNull()
  })
})

describe('a sign-in in progress', () => {
  test('AS-039 does not lose its client: each step keeps it for as long as the next one may take', async () => {
    const id = await register()
    await later(DAY - 1)
    const query = await authorizationQuery(id)
    for (const _ of ['at the sign-in page', 'at another one', 'at the consent page']) {
      expect((await visit(id)).status).toBe(303)
      await later(HOUR / 2)
    }
    const code = (await approve(server, query)).searchParams.get('code') ?? ''
    expect(await find(id)).toMatchObject({ lastUsedAt: null })
    await later(59)
    const tokens = await postForm(server, '/oauth/token', codeForm(id, code))
    expect(tokens.status).toBe(200)
    await later(30 * DAY)
    expect(await find(id)).not.toBeNull()
  })

  test('AS-039 that is given up is over within the hour', async () => {
    const id = await register()
    await later(DAY - 1)
    await visit(id)
    await later(HOUR - 1)
    expect(await find(id)).not.toBeNull()
    await later(1)
    expect(await find(id)).toBeNull()
  })

  test('AS-039 whose client another process deletes at that moment is told so before anyone signs in', async () => {
    const id = await register()
    server.clock.now += DAY
    const query = readForm(await authorizationQuery(id))
    // It is read, and gone when it is to be kept.
    const find = server.store.clients.find
    const { store, clock } = server
    const racing = { ...store.clients, find: async (wanted: string) => find(wanted).finally(purge) }
    const other = await createServer({
      settings: server.settings,
      store: { ...store, clients: racing },
      now: () => clock.now,
      audit: () => {},
      onFailure: () => {},
    })
    expect(await other.as.authorize(query)).toEqual({ kind: 'local_error', rejection: { reason: 'unknown_client' } })
  })
})

describe('a client that was used', () => {
  test('AS-039 is kept while something that it was granted is alive, whatever the setting says', async () => {
    await server.close()
    server = await createTestServer({ registration: { idle_lifetime: 2 * DAY } })
    const id = await register()
    await obtainTokens(server, id)
    await later(90 * DAY - 1)
    expect(await find(id)).not.toBeNull()
    await later(HOUR + 1)
    expect(await find(id)).toBeNull()
  })

  test('AS-039 slides with its use: each refresh makes it young again', async () => {
    await server.close()
    server = await createTestServer({
      refresh: { absolute_lifetime: 400 * DAY },
      registration: { idle_lifetime: 90 * DAY },
    })
    const id = await register()
    let tokens: Tokens = await obtainTokens(server, id)
    for (let day = 0; day < 380; day += 20) {
      await later(20 * DAY)
      const response = await refresh(id, tokens.refresh_token)
      expect(response.status).toBe(200)
      tokens = await response.json()
      expect((await find(id))?.lastUsedAt).toBe(server.clock.now)
    }
    // The family has ended, 90 days since the last use have not.
    await later(60 * DAY)
    await expectError(await refresh(id, tokens.refresh_token), 400, 'invalid_grant')
    expect(await find(id)).not.toBeNull()
    await later(31 * DAY)
    await expectError(await refresh(id, tokens.refresh_token), 401, 'invalid_client')
  })

  test('AS-039 is written to once an hour, not once a request', async () => {
    const id = await register()
    let tokens: Tokens = await obtainTokens(server, id)
    const first = await find(id)
    expect(first).toMatchObject({ lastUsedAt: server.clock.now })
    for (let minute = 0; minute < 56; minute += 7) {
      server.clock.now += 7 * 60
      tokens = await (await refresh(id, tokens.refresh_token)).json()
      expect(await find(id)).toEqual(first)
    }
    server.clock.now += 4 * 60
    tokens = await (await refresh(id, tokens.refresh_token)).json()
    expect(await find(id)).toMatchObject({ lastUsedAt: server.clock.now })
  })

  test('AS-039 an administrator’s client shows its use and never ends', async () => {
    const id = await register()
    const registered = await find(id)
    if (registered === null) throw new Error('not registered')
    await server.store.clients.create({ ...registered, id: 'desk', origin: 'administrator', expiresAt: null })
    await later(3650 * DAY)
    expect(await find('desk')).toMatchObject({ lastUsedAt: null, expiresAt: null })
    await obtainTokens(server, 'desk')
    expect(await find('desk')).toMatchObject({ lastUsedAt: server.clock.now, expiresAt: null })
    await later(3650 * DAY)
    expect(await find('desk')).not.toBeNull()
    expect(registered.redirectUris).toEqual([REDIRECT_URI])
  })
})
