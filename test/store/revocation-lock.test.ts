/**
 * A revocation that commits first wins, also over a rotation and a redemption that are under way. Only an engine with several
 * connections can show it; the order is forced with an open transaction.
 *
 * @module
 */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import {
  code,
  grant,
  identity,
  NOW,
  redeemedGrant,
  refreshToken,
  session,
  user,
} from '../../server/store/conformance/records.ts'
import { type OpenStore, openStore } from '../../server/store/open-store.ts'
import { during } from '../support/held-transaction.ts'
import { emptyTables, usePostgres } from '../support/postgres.ts'

describe('PostgreSQL', () => {
  const server = usePostgres()
  let url = ''
  let store: OpenStore
  beforeAll(async () => {
    url = await server.createDatabase()
  })
  beforeEach(async () => {
    store = await openStore({ database: url, connections: 4 })
    await emptyTables(url)
  })
  afterEach(() => store.close())

  const successor = refreshToken({ hash: 'token-hash-2' })
  const rotate = () => store.refreshTokens.rotate({ hash: refreshToken().hash, successor, now: NOW })

  test('rotate waits for a revocation that has begun, and loses', async () => {
    await redeemedGrant(store)
    expect(await during(url, REVOKE, rotate)).toBe('dead')
    expect(await store.refreshTokens.find(successor.hash)).toBeNull()
    expect((await store.refreshTokens.find(refreshToken().hash))?.token.consumedAt).toBeNull()
  })

  test('redeem waits for a revocation that has begun, and loses', async () => {
    await store.users.create(user())
    await store.grants.create(grant(), code())
    expect(await during(url, REVOKE, () => store.codes.redeem(code().hash, refreshToken(), NOW))).toBe('dead')
    expect(await store.refreshTokens.find(refreshToken().hash)).toBeNull()
  })

  test('rotate and redeem go on when the revocation is rolled back', async () => {
    await redeemedGrant(store)
    expect(await during(url, REVOKE, rotate, 'rollback')).toBe('rotated')
  })

  test.each([
    ['removed', () => store.users.remove('user-1', NOW)],
    ['disabled', () => store.users.disable('user-1', NOW)],
  ] as const)('a person who is %s waits for a grant that is being created, and takes it along', async (_, end) => {
    await store.users.create(user())
    expect(await during(url, CREATE, end)).toBe(true)
    expect((await store.grants.find('grant-1'))?.revokedAt).toBe(NOW)
  })

  test('a grant waits for its person to be removed, and is not created', async () => {
    await store.users.create(user())
    const create = () => store.grants.create(grant(), code())
    expect(await during(url, `delete from users where id = 'user-1'`, create)).toBe(false)
    expect(await store.grants.find('grant-1')).toBeNull()
  })

  test.each([
    ['removed', () => store.users.remove('user-1', NOW)],
    ['disabled', () => store.users.disable('user-1', NOW)],
    ['lost by their provider', () => store.identities.lose(identity(), NOW)],
  ] as const)(
    'a person who is %s waits for a grant that is being created with their session, and takes it along',
    async (_, end) => {
      await store.users.create(user())
      await store.identities.link(identity())
      await store.sessions.create(session())
      expect(await during(url, CREATE_WITH_SESSION, end)).toBe(true)
      expect((await store.grants.find('grant-1'))?.revokedAt).toBe(NOW)
    },
  )

  test('the same in a database whose transactions by default see nothing that was stored since they began', async () => {
    const other = await openStore({
      database: `${url}?default_transaction_isolation=repeatable%20read`,
      connections: 4,
    })
    await other.users.create(user())
    expect(await during(url, CREATE, () => other.users.disable('user-1', NOW))).toBe(true)
    expect((await other.grants.find('grant-1'))?.revokedAt).toBe(NOW)
    await other.close()
  })

  test('a grant waits for its session to be ended, and is not created', async () => {
    await store.users.create(user())
    await store.sessions.create(session())
    const create = () => store.grants.create(grant(), code(), 'cookie-hash')
    expect(await during(url, `delete from sessions where hash = 'cookie-hash'`, create)).toBe(false)
    expect(await store.grants.find('grant-1')).toBeNull()
  })

  test.each([
    ['removed', `delete from users where id = 'user-1'`],
    ['disabled', `update users set disabled_at = ${NOW} where id = 'user-1'`],
    ['given another password', `update users set password_hash = 'other' where id = 'user-1'`],
  ])('a session waits for its person to be %s, and is not created', async (_, statement) => {
    await store.users.create(user())
    const create = () => store.sessions.create(session(), user().passwordHash)
    expect(await during(url, statement, create)).toBe(false)
    expect(await store.sessions.find('cookie-hash', NOW)).toBeNull()
  })

  test('an identity waits for its person to be removed, and is not linked', async () => {
    await store.users.create(user())
    const link = () => store.identities.link(identity())
    expect(await during(url, `delete from users where id = 'user-1'`, link)).toBe(false)
    expect(await store.identities.list('user-1')).toEqual([])
  })

  test('a revocation waits for a rotation that has begun, and then ends what it made', async () => {
    await redeemedGrant(store)
    const [rotated, revoked] = await Promise.all([rotate(), store.grants.revoke('grant-1', NOW)])
    expect(revoked).toBe(true)
    expect(['rotated', 'dead']).toContain(rotated)
    expect((await store.refreshTokens.find(successor.hash))?.token).toEqual(
      rotated === 'rotated' ? successor : undefined,
    )
  })
})

/** As `grants.create` does it. */
const CREATE = `with person as (select id from users where id = 'user-1' for share)
  insert into grants (id, user_id, client_id, resource, scopes, created_at, expires_at)
  select 'grant-1', id, 'client-1', 'https://notes.example/mcp', '[]', ${NOW}, ${NOW + 60} from person`
const CREATE_WITH_SESSION = CREATE.replace(
  `id from users where id = 'user-1'`,
  `user_id as id from sessions where hash = 'cookie-hash'`,
)
const REVOKE = `update grants set revoked_at = ${NOW} where id = 'grant-1'`
