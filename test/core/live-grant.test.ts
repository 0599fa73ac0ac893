/**
 * Whether what was issued still counts.
 *
 * @module
 */
import { expect, test } from 'bun:test'
import { client, code, grant, NOW } from '../../server/store/conformance/records.ts'
import { createTestServer } from '../support/authorization-server.ts'

test('AS-036 a grant counts while its client is known: a publisher that is no longer admitted is not', async () => {
  const server = await createTestServer()
  await server.store.grants.create(grant({ userId: server.userId, expiresAt: NOW + 1000 }), code())
  const claims = { jti: 'grant-1.x', client_id: 'client-1' }
  expect(await server.as.isLive(claims)).toBe(false)
  await server.store.clients.create(client())
  expect(await server.as.isLive(claims)).toBe(true)
  await server.close()
})
