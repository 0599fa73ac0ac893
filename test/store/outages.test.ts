/**
 * A database that goes away is `StoreUnavailable`, never an answer and never a crash; when it comes back, so do we.
 *
 * @see docs/adr/0021-a-postgres-pool-of-our-own.md
 * @module
 */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sql } from 'kysely'
import postgres from 'postgres'
import { StoreUnavailable } from '../../server/core/ports.ts'
import { client, NOW, people, redeemedGrant, refreshToken } from '../../server/store/conformance/records.ts'
import { type OpenStore, openStore } from '../../server/store/open-store.ts'
import { connectPostgres } from '../../server/store/postgres.ts'
import { emptyTables, usePostgres } from '../support/postgres.ts'
import { startProxy, type TcpProxy } from './tcp-proxy.ts'

describe('PostgreSQL', () => {
  const server = usePostgres()
  let url = ''
  let proxy: TcpProxy
  let store: OpenStore

  beforeAll(async () => {
    url = await server.createDatabase()
    await (await openStore({ database: url })).close()
  })
  beforeEach(async () => {
    await emptyTables(url)
    proxy = await startProxy(url)
    store = await openStore({ database: proxy.url, connections: 4, timeout: 2 })
  })
  afterEach(async () => {
    await store.close()
    await proxy.stop()
  })

  const pings = () => Promise.allSettled(Array.from({ length: 12 }, () => store.ping()))
  const outcomes = async () =>
    (await pings()).map((ping) => (ping.status === 'fulfilled' ? 'answered' : kindOf(ping.reason)))

  test('while it refuses connections every caller is told so, and all is well afterwards', async () => {
    await pings()
    proxy.refuse()
    // Whichever connections were open may be noticed as lost only when used.
    expect(await outcomes()).toEqual(Array(12).fill('outage'))
    expect(await outcomes()).toEqual(Array(12).fill('outage'))
    proxy.restore()
    expect(await outcomes()).toEqual(Array(12).fill('answered'))
  })

  test('while it accepts and says nothing, callers wait no longer than the timeout', async () => {
    await pings()
    proxy.silence()
    const started = performance.now()
    expect(await outcomes()).toEqual(Array(12).fill('outage'))
    expect(performance.now() - started).toBeLessThan(8000)
    proxy.restore()
    expect(await outcomes()).toEqual(Array(12).fill('answered'))
  })

  test('while it accepts and hangs up, callers wait no longer than the timeout', async () => {
    await pings()
    proxy.hangUp()
    expect(await outcomes()).toEqual(Array(12).fill('outage'))
    proxy.restore()
    expect(await outcomes()).toEqual(Array(12).fill('answered'))
  })

  test('openStore says so too', async () => {
    proxy.refuse()
    await expect(openStore({ database: proxy.url, timeout: 1 })).rejects.toBeInstanceOf(StoreUnavailable)
    proxy.restore()
  })

  test('a database that does not exist, and a wrong password, are unavailable', async () => {
    const missing = new URL(url)
    missing.pathname = '/no_such_database'
    await expect(openStore({ database: missing.href })).rejects.toBeInstanceOf(StoreUnavailable)
    const wrong = new URL(url)
    wrong.password = 'wrong'
    await expect(openStore({ database: wrong.href })).rejects.toBeInstanceOf(StoreUnavailable)
  })

  test('a session that is killed in the middle of a transaction loses that transaction only', async () => {
    const { db } = connectPostgres(url, { size: 2, connectTimeout: 1, statementTimeout: 5 })
    const admin = postgres(url, { max: 1 })
    const killed = db.transaction().execute(async (transaction) => {
      await transaction.insertInto('revoked_tokens').values({ jti: 'lost', expires_at: NOW }).execute()
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(transaction)
      const pid = rows[0]?.pid ?? 0
      await admin`select pg_terminate_backend(${pid})`
      // By the time that others no longer see the session, and a few answers later, we know that it is gone.
      for (let quiet = 0; quiet < 5; ) {
        const seen = await admin`select 1 from pg_stat_activity where pid = ${pid}`
        if (seen.length === 0) quiet += 1
      }
      // Must not run in a new session, outside of the transaction.
      await transaction.insertInto('revoked_tokens').values({ jti: 'stray', expires_at: NOW }).execute()
    })
    await expect(killed).rejects.toThrow()
    expect(await db.selectFrom('revoked_tokens').select('jti').execute()).toEqual([])
    await db.destroy()
    await admin.end()
  })

  test('sessions that are killed while they work do not take the process along', async () => {
    const admin = postgres(url, { max: 1 })
    const { db } = connectPostgres(url, { size: 4, connectTimeout: 1, statementTimeout: 60 })
    const sleeping = Array.from({ length: 4 }, () =>
      db.transaction().execute(async (transaction) => {
        await sql`select pg_sleep(60)`.execute(transaction)
      }),
    )
    let working = true
    const settled = Promise.allSettled(sleeping).finally(() => {
      working = false
    })
    while (working) {
      await admin`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and query like '%pg_sleep(60)%' and pid <> pg_backend_pid()`
    }
    expect((await settled).map(({ status }) => status)).toEqual(Array(4).fill('rejected'))
    expect((await sql<{ n: number }>`select 1 as n`.execute(db)).rows).toEqual([{ n: 1 }])
    await db.destroy()
    await admin.end()
  })

  test('a rotation whose commit was not heard of either happened or did not', async () => {
    await redeemedGrant(store)
    const successor = refreshToken({ hash: 'token-hash-2' })
    const rotation = { hash: refreshToken().hash, successor, now: NOW }
    const rotating = store.refreshTokens.rotate(rotation).catch(kindOf)
    proxy.hangUp()
    expect(['rotated', 'outage']).toContain(await rotating)
    proxy.restore()
    const consumed = (await store.refreshTokens.find(refreshToken().hash))?.token.consumedAt
    const created = await store.refreshTokens.find(successor.hash)
    expect(consumed === null).toBe(created === null)
  })

  test('a defect is not an outage', async () => {
    const twice = { hash: 'cookie-hash', userId: 'user-1', createdAt: NOW, expiresAt: NOW + 1 }
    await people(store)
    await store.sessions.create(twice)
    expect(await store.sessions.create(twice).catch(kindOf)).toBe('defect')
  })
})

describe('SQLite', () => {
  let directory = ''
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sallyport-outage-'))
  })
  afterEach(() => rm(directory, { recursive: true }))

  test('a database that another process holds is unavailable after the timeout, and works again afterwards', async () => {
    const path = join(directory, 'sallyport.db')
    const store = await openStore({ database: `sqlite:${path}`, timeout: 0.05 })
    const other = new DatabaseSync(path)
    other.exec('begin immediate')
    await expect(store.clients.create(client())).rejects.toBeInstanceOf(StoreUnavailable)
    await expect(store.clients.remove('client-1', NOW)).rejects.toBeInstanceOf(StoreUnavailable)
    // Readers do not wait for writers.
    expect(await store.clients.list()).toEqual([])
    other.exec('rollback')
    expect(await store.clients.create(client())).toBe(true)
    other.close()
    await store.close()
  })

  test('a defect is not an outage', async () => {
    const store = await openStore({ database: 'sqlite::memory:' })
    const twice = { hash: 'cookie-hash', userId: 'user-1', createdAt: NOW, expiresAt: NOW + 1 }
    await people(store)
    await store.sessions.create(twice)
    expect(await store.sessions.create(twice).catch(kindOf)).toBe('defect')
    await store.close()
  })
})

const kindOf = (error: unknown) => (error instanceof StoreUnavailable ? 'outage' : 'defect')
