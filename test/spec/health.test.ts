/**
 * Health: the process answers; it can serve.
 *
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { createApp } from '../../server/app.ts'
import { localLogin } from '../../server/login/local-login.ts'
import { hash } from '../../server/store/hash.ts'
import { random } from '../../server/store/random.ts'
import { sealer } from '../../server/store/sealer.ts'
import { createTestServer } from '../support/authorization-server.ts'

describe.each(['https://auth.example', 'https://auth.example/tenant'])('the issuer %s', (issuer) => {
  test('live and ready, while the database answers', async () => {
    const server = await createTestServer({ issuer })
    const status = async (path: string, method = 'GET') => (await server.fetch(path, { method })).status
    for (const method of ['GET', 'HEAD']) {
      expect([await status('/health/live', method), await status('/health/ready', method)]).toEqual([200, 200])
    }
    await server.store.close()
    expect([await status('/health/live'), await status('/health/ready')]).toEqual([200, 503])
  })
})

test('the answers are JSON, and readiness is not cached', async () => {
  const server = await createTestServer()
  const ready = await server.fetch('/health/ready')
  expect(ready.headers.get('cache-control')).toBe('no-store')
  expect(await ready.json()).toEqual({ status: 'ok' })
  await server.store.close()
  const away = await server.fetch('/health/ready')
  expect(away.headers.get('cache-control')).toBe('no-store')
  expect(await away.json()).toEqual({ status: 'unavailable' })
  // Being asked is no failure, and who asks is told nothing of the database.
  expect(server.failures).toEqual([])
})

test('not ready once the server is about to stop, and alive still', async () => {
  const server = await createTestServer()
  let stopping = false
  const app = createApp({
    as: server.as,
    store: server.store,
    login: localLogin({ ...server.store, now: () => server.clock.now }),
    now: () => server.clock.now,
    random,
    hash,
    sealer,
    audit: () => {},
    onFailure: () => {},
    stopping: () => stopping,
  })
  const status = async (path: string) => (await app.handle(new Request(`https://auth.example${path}`))).status
  expect([await status('/health/live'), await status('/health/ready')]).toEqual([200, 200])
  stopping = true
  expect([await status('/health/live'), await status('/health/ready')]).toEqual([200, 503])
  await server.close()
})
