/**
 * Changing a client secret: two are right for a while, and what has expired is told so.
 *
 * @see RFC 6749 section 2.3.1
 * @see RFC 7591 section 3.2.1: `client_secret_expires_at`
 * @see docs/adr/0103-two-secrets.md
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { withNewSecret } from '../../server/admin/client-secrets.ts'
import { equalInConstantTime } from '../../server/core/client-auth/equal-in-constant-time.ts'
import { hash } from '../../server/store/hash.ts'
import { createTestServer, postForm, RESOURCE } from '../support/authorization-server.ts'
import { addSecretClient } from '../support/confidential-clients.ts'
import { expectError } from '../support/oauth-error.ts'

const server = await createTestServer({ client_credentials: { enabled: true } })
afterAll(() => server.close())

const ask = (client_id: string, client_secret: string) =>
  postForm(server, '/oauth/token', {
    ...{ client_id, client_secret },
    ...{ grant_type: 'client_credentials', resource: RESOURCE, scope: 'notes:read' },
  })

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
