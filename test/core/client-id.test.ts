/**
 * Ids of clients on a command line.
 *
 * @module
 */
import { expect, test } from 'bun:test'
import { addClient } from '../../server/admin/clients.ts'
import { createClientId } from '../../server/core/registration/client-id.ts'
import { hash } from '../../server/store/hash.ts'
import { createTestServer, REDIRECT_URI, registerClient } from '../support/authorization-server.ts'

/** The worst that there is. */
const random = (bytes = 32): string => '-'.padEnd(Math.ceil((bytes * 8) / 6), 'A')

test('no id begins like an option, and none is shorter for it', () => {
  expect(createClientId(() => '-AAAAAAAAAAAAAAAAAAAAA')).toBe('_AAAAAAAAAAAAAAAAAAAAA')
  expect(createClientId(() => 'A-AAAAAAAAAAAAAAAAAAAA')).toBe('A-AAAAAAAAAAAAAAAAAAAA')
})

test('nor does that of a client that registered itself', async () => {
  const server = await createTestServer({}, { random })
  expect((await registerClient(server)).client_id).toBe('_AAAAAAAAAAAAAAAAAAAAA')
  await server.close()
})

test('nor that of one that an administrator registered', async () => {
  const server = await createTestServer()
  const context = { store: server.store, random, hash, now: () => server.clock.now }
  const added = await addClient(context, {
    name: 'Robot',
    redirectUris: [REDIRECT_URI],
    proof: { type: 'none' },
    clientCredentials: false,
    resource: null,
    scopeCeiling: null,
    dpop: 'optional',
    agent: false,
  })
  expect(added).toMatchObject({ ok: true, value: 'client_id=_AAAAAAAAAAAAAAAAAAAAA' })
  await server.close()
})
