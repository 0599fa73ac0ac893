/**
 * Changing a client secret: two are right for a while, and what has expired is told so.
 *
 * @see RFC 6749 section 2.3.1
 * @see RFC 7591 section 3.2.1: `client_secret_expires_at`
 * @see docs/adr/0103-two-secrets.md
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rotateSecret, withNewSecret } from '../../server/admin/client-secrets.ts'
import { removeClient } from '../../server/admin/clients.ts'
import { equalInConstantTime } from '../../server/core/client-auth/equal-in-constant-time.ts'
import { hash } from '../../server/store/hash.ts'
import { random } from '../../server/store/random.ts'
import { createTestServer, postForm, RESOURCE, type TestServer } from '../support/authorization-server.ts'
import { addSecretClient } from '../support/confidential-clients.ts'
import { expectError } from '../support/oauth-error.ts'

const server = await createTestServer({ client_credentials: { enabled: true } })
afterAll(() => server.close())

const ask = (client_id: string, client_secret: string, at: TestServer = server) =>
  postForm(at, '/oauth/token', {
    ...{ client_id, client_secret },
    ...{ grant_type: 'client_credentials', resource: RESOURCE, scope: 'notes:read' },
  })

/** Two servers on one database, as two processes are. */
async function createTwoProcesses() {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-secrets-'))
  const config = { database: `sqlite:${directory}/db`, client_credentials: { enabled: true } }
  const [first, second] = [await createTestServer(config), await createTestServer(config)]
  const close = async () => {
    await Promise.all([first.close(), second.close()])
    await rm(directory, { recursive: true })
  }
  return { first, second, close }
}

const never = () => Promise.reject(new Error('not asked for'))

test('both are right until the old one expires, and then it is told from a wrong one', async () => {
  const { id, secret: old } = await addSecretClient(server)
  const before = (await server.store.clients.find(id))?.secrets ?? []
  const until = server.clock.now + 60
  const after = withNewSecret(before, { hash: await hash('new'), expiresAt: 0 }, until)
  expect(await server.store.clients.replaceSecrets(id, before, after)).toBe(true)
  for (const secret of ['new', old]) expect((await ask(id, secret)).status).toBe(200)
  server.clock.now = until - 1
  for (const secret of ['new', old]) expect((await ask(id, secret)).status).toBe(200)
  server.clock.now = until
  expect((await ask(id, 'new')).status).toBe(200)
  const { error_description } = await expectError(await ask(id, old), 401, 'invalid_client')
  expect(error_description).toContain('expired')
  expect(server.events.at(-1)).toMatchObject({ reason: 'expired_client_secret' })
  const wrong = await expectError(await ask(id, 'wrong'), 401, 'invalid_client')
  expect(wrong.error_description).not.toContain('expired')
})

describe('changed by another process', () => {
  const clientOf = (server: TestServer, id: string) => server.store.clients.find(id)

  test('the new one is right at once, although the registration was read a moment ago', async () => {
    const { first, second, close } = await createTwoProcesses()
    const { id, secret: old } = await addSecretClient(first)
    expect((await ask(id, old, second)).status).toBe(200)
    const before = (await clientOf(first, id))?.secrets ?? []
    const after = withNewSecret(before, { hash: await hash('new'), expiresAt: 0 }, first.clock.now + 60)
    await first.store.clients.replaceSecrets(id, before, after)
    expect((await ask(id, 'new', second)).status).toBe(200)
    await first.store.clients.remove(id, first.clock.now)
    await expectError(await ask(id, 'wrong', second), 401, 'invalid_client')
    expect(second.events.at(-1)).toMatchObject({ reason: 'unknown_client' })
    await close()
  })

  test('the command that ends one is done when no process takes it any more', async () => {
    const { first, second, close } = await createTwoProcesses()
    const { id, secret: old } = await addSecretClient(first)
    const noticed: string[] = []
    const context = {
      store: first.store,
      ...{ random, hash, now: () => first.clock.now },
      accounts: { create: never, encode: never },
      noticed: async () => void noticed.push((await ask(id, 'wrong', second)).statusText),
    }
    expect((await ask(id, old, second)).status).toBe(200)
    const rotated = await rotateSecret(context, id, 0)
    expect([rotated.ok, noticed.length]).toEqual([true, 1])
    const { error_description } = await expectError(await ask(id, old, second), 401, 'invalid_client')
    expect(error_description).toContain('expired')
    expect((await removeClient(context, id)).ok).toBe(true)
    expect(noticed).toHaveLength(2)
    expect((await removeClient(context, id)).ok).toBe(false)
    expect(noticed).toHaveLength(2)
    await close()
  })
})

describe('withNewSecret', () => {
  const secret = { hash: 'new', expiresAt: 0 }
  test.each([
    ['the first', [], [secret]],
    ['one that had no end gets one', [{ hash: 'a', expiresAt: 0 }], [secret, { hash: 'a', expiresAt: 100 }]],
    ['an earlier end stays', [{ hash: 'a', expiresAt: 50 }], [secret, { hash: 'a', expiresAt: 50 }]],
    ['a later one does not', [{ hash: 'a', expiresAt: 500 }], [secret, { hash: 'a', expiresAt: 100 }]],
    [
      'never three',
      [
        { hash: 'b', expiresAt: 0 },
        { hash: 'a', expiresAt: 90 },
      ],
      [secret, { hash: 'b', expiresAt: 100 }],
    ],
  ])('%s', (_, before, after) => expect(withNewSecret(before, secret, 100)).toEqual(after))
})

test.each([
  ['', '', true],
  ['a', 'a', true],
  ['a', 'b', false],
  ['ab', 'ba', false],
  ['a', 'aa', false],
  ['aa', 'a', false],
  ['\u0000', '', false],
  ['\u0100', '\u0000', false],
])('equalInConstantTime(%p, %p) is %p', (one, other, same) => expect(equalInConstantTime(one, other)).toBe(same))
