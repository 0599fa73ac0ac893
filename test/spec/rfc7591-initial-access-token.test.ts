/**
 * Registering with an initial access token.
 *
 * @see RFC 7591 section 3
 * @see RFC 6750 section 3
 * @see docs/adr/0106-initial-access-tokens.md
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { hash } from '../../server/store/hash.ts'
import { random } from '../../server/store/random.ts'
import { createTestServer, REDIRECT_URI, type TestServer } from '../support/authorization-server.ts'
import { expectError } from '../support/oauth-error.ts'

const closed = await createTestServer({ registration: { mode: 'admin_only' } })
const approved = await createTestServer()
const open = await createTestServer({ registration: { mode: 'open' } })
const servers: readonly TestServer[] = [closed, approved, open]
afterAll(() => Promise.all(servers.map((server) => server.close())))

const FAR = 'https://app.example/cb'

function register(to: TestServer, authorization: string | null, metadata: object = { redirect_uris: [REDIRECT_URI] }) {
  const headers = { 'content-type': 'application/json', ...(authorization === null ? {} : { authorization }) }
  return to.fetch('/oauth/register', { method: 'POST', headers, body: JSON.stringify(metadata) })
}

/** A token of ten minutes, as an administrator makes it. */
async function tokenOf({ store, clock }: TestServer, usesLeft: number | null = null, name = random(8)) {
  const token = random()
  const record = { name, hash: await hash(token), createdAt: clock.now, expiresAt: clock.now + 600, usesLeft }
  expect(await store.registrationTokens.create(record)).toBe(true)
  return token
}

const challengeOf = (response: Response) => response.headers.get('www-authenticate')

describe('where only administrators register', () => {
  test('AS-039 section 3 a registration without a token is challenged for one, and told of no error in its token', async () => {
    for (const authorization of [null, `Basic ${btoa('a:b')}`, 'DPoP abc', 'Bearers abc']) {
      const response = await register(closed, authorization)
      await expectError(response, 401, 'invalid_token')
      expect(challengeOf(response)).toBe('Bearer realm="OAuth"')
    }
    expect(closed.events.at(-1)).toEqual({ type: 'registration_rejected', reason: 'missing_registration_token' })
    expect(await closed.store.clients.list()).toEqual([])
  })

  test('AS-039 section 3 a registration with one is like any other, and may have any sound redirect URI', async () => {
    const name = 'fleet'
    const token = await tokenOf(closed, null, name)
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      const response = await register(closed, `${scheme} ${token}`, { redirect_uris: [FAR], client_name: 'Fleet' })
      expect([response.status, response.headers.get('cache-control')]).toEqual([201, 'no-store'])
      const { client_id, redirect_uris } = await response.json()
      expect(redirect_uris).toEqual([FAR])
      expect(closed.events.at(-1)).toEqual({ type: 'client_registered', clientId: client_id })
    }
  })

  test('AS-039 section 3.2.2 what is refused to everybody is refused with a token too, and takes no use of it', async () => {
    const token = await tokenOf(closed, 1)
    for (const metadata of [
      {},
      { redirect_uris: ['javascript:alert(1)'] },
      { redirect_uris: [FAR], software_statement: 'x' },
    ]) {
      expect((await register(closed, `Bearer ${token}`, metadata)).status).toBe(400)
    }
    expect((await register(closed, `Bearer ${token}`)).status).toBe(201)
  })

  test('AS-039 ADR 0106 a token registers as many clients as it may, and none when it has ended or was revoked', async () => {
    const token = await tokenOf(closed, 2)
    const statuses = await Promise.all([1, 2, 3, 4].map(async () => (await register(closed, `Bearer ${token}`)).status))
    expect(statuses.toSorted()).toEqual([201, 201, 401, 401])

    const late = await tokenOf(closed, null, 'late')
    closed.clock.now += 599
    expect((await register(closed, `Bearer ${late}`)).status).toBe(201)
    closed.clock.now += 1
    const ended = await register(closed, `Bearer ${late}`)
    await expectError(ended, 401, 'invalid_token')
    expect(challengeOf(ended)).toBe('Bearer realm="OAuth", error="invalid_token"')

    const revoked = await tokenOf(closed, null, 'revoked')
    await closed.store.registrationTokens.remove('revoked')
    await expectError(await register(closed, `Bearer ${revoked}`), 401, 'invalid_token')
    expect(closed.events.at(-1)).toEqual({ type: 'registration_rejected', reason: 'bad_registration_token' })
  })
})

describe('where anyone registers', () => {
  test('ADR 0106 a token stands for approval of the redirect URIs', async () => {
    await expectError(await register(approved, null, { redirect_uris: [FAR] }), 400, 'invalid_redirect_uri')
    const token = await tokenOf(approved)
    expect((await register(approved, `Bearer ${token}`, { redirect_uris: [FAR] })).status).toBe(201)
  })

  test('RFC 6750 section 3.1 a bad token is refused, also where none is needed', async () => {
    for (const server of [approved, open]) {
      for (const authorization of ['Bearer nonsense', 'Bearer', 'Bearer ']) {
        await expectError(await register(server, authorization), 401, 'invalid_token')
      }
    }
  })

  test('ADR 0106 another scheme is no token and means nothing', async () => {
    for (const server of [approved, open]) {
      expect((await register(server, `Basic ${btoa('a:b')}`)).status).toBe(201)
    }
  })
})
