/**
 * A flood of registrations that nobody ever uses, and what an attacker might do to keep them.
 *
 * @see RFC 7591 section 5
 * @see docs/adr/0105-the-life-of-a-registration.md
 * @module
 */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { purgeJob } from '../../server/background/purge.ts'
import {
  authorizationQuery,
  createTestServer,
  obtainTokens,
  postForm,
  registerClient,
} from '../support/authorization-server.ts'

setDefaultTimeout(60_000)

const DAY = 86_400
const A_DAY = 24

test('AS-039 a flood that goes on for days leaves one day of it in the database, and the honest client', async () => {
  const server = await createTestServer()
  const job = purgeJob(server.store, () => server.clock.now)
  const { client_id: honest } = await registerClient(server)
  await obtainTokens(server, honest)
  const sizes: number[] = []
  for (let day = 0; day < 7; day++) {
    for (let hour = 0; hour < A_DAY; hour++) {
      for (let index = 0; index < 10; index++) await registerClient(server)
      server.clock.now += DAY / A_DAY
      await job.run(async () => true)
    }
    sizes.push((await server.store.clients.list()).length)
  }
  // The hour that has just ended is a day old only after 24 of them.
  expect(sizes).toEqual(Array(7).fill(1 + 10 * (A_DAY - 1)))
  expect(await server.store.clients.find(honest)).not.toBeNull()
  await server.close()
})

test('AS-039 what needs no person keeps no client: bad token requests, revocations, requests that are wrong', async () => {
  const server = await createTestServer()
  const ids = await Promise.all(Array.from({ length: 5 }, async () => (await registerClient(server)).client_id))
  const attempts = async (client_id: string) => {
    const token = { client_id, grant_type: 'refresh_token', refresh_token: 'x' }
    await postForm(server, '/oauth/token', token)
    await postForm(server, '/oauth/token', {
      client_id,
      grant_type: 'authorization_code',
      code: 'x',
      code_verifier: 'x',
    })
    await postForm(server, '/oauth/revoke', { client_id, token: 'x' })
    for (const wrong of [
      { redirect_uri: 'https://evil.example/' },
      { scope: 'nonsense' },
      { code_challenge: undefined },
    ]) {
      await server.fetch(`/oauth/authorize?${await authorizationQuery(client_id, wrong)}`, { redirect: 'manual' })
    }
  }
  for (let hour = 1; hour <= A_DAY; hour++) {
    server.clock.now += DAY / A_DAY - 1
    await Promise.all(ids.map(attempts))
    server.clock.now += 1
  }
  expect(await server.store.purge(server.clock.now, 100)).toBe(5)
  await server.close()
})

test('AS-039 a good authorization request that nobody answers is worth an hour, however often it was sent before', async () => {
  const server = await createTestServer()
  const { client_id } = await registerClient(server)
  const query = await authorizationQuery(client_id)
  for (let minute = 0; minute < 120; minute++) {
    server.clock.now += 60
    await server.fetch(`/oauth/authorize?${query}`, { redirect: 'manual' })
  }
  const { expiresAt, lastUsedAt } = (await server.store.clients.find(client_id)) ?? {}
  expect([expiresAt, lastUsedAt]).toEqual([server.clock.now - 120 * 60 + DAY, null])
  server.clock.now += DAY - 120 * 60 - 1
  for (let time = 0; time < 50; time++) await server.fetch(`/oauth/authorize?${query}`, { redirect: 'manual' })
  server.clock.now += 3600
  expect(await server.store.purge(server.clock.now, 100)).toBe(1)
  await server.close()
})
