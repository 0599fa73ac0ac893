/**
 * A revocation that commits first wins, also over a rotation and a redemption that are under way. Only an engine with several
 * connections can show it; the order is forced with an open transaction.
 *
 * @module
 */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { code, grant, NOW, redeemedGrant, refreshToken, user } from '../../server/store/conformance/records.ts'
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
const REVOKE = `update grants set revoked_at = ${NOW} where id = 'grant-1'`
