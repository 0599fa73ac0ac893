/**
 * The rules for names and passwords of new accounts.
 *
 * @module
 */
import { beforeAll, describe, expect, test } from 'bun:test'
import { createUser } from '../../server/login/create-user.ts'
import { localLogin } from '../../server/login/local-login.ts'
import { type OpenStore, openStore } from '../../server/store/open-store.ts'
import { random } from '../../server/store/random.ts'

const now = () => 1_800_000_000

describe('a new account', () => {
  let store: OpenStore
  beforeAll(async () => {
    store = await openStore({ database: 'sqlite::memory:' })
  })
  const create = (username: string, password: string) =>
    createUser({ users: store.users, now, random }, { username, password })

  test('can sign in, and no other password can', async () => {
    const created = await create('ada', 'correct horse')
    const login = localLogin({ users: store.users, signInAttempts: store.signInAttempts, now })
    expect<unknown>(await login.verify('Ada', 'correct horse', '192.0.2.1')).toEqual(created)
    expect(await login.verify('ada', 'correct horsf', '192.0.2.1')).toEqual({ ok: false, error: 'bad_credentials' })
  })

  test('takes no name that is taken, in whatever case', async () => {
    await create('grace', 'correct horse')
    expect(await create('GRACE', 'correct horse')).toEqual({ ok: false, error: 'username_taken' })
  })

  test.each(['mary', 'm', 'mary.shelley@example.org', 'mary+notes', '4711', 'm'.repeat(64)])(
    'may be %s',
    async (name) => expect((await create(name, 'correct horse')).ok).toBe(true),
  )

  test.each(['', ' mary', 'mary ', 'mary shelley', '.mary', '-mary', 'm\u0430ry', 'mary\n', '<mary>', 'm'.repeat(65)])(
    'may not be %p',
    async (name) => expect(await create(name, 'correct horse')).toEqual({ ok: false, error: 'bad_username' }),
  )

  const passwords: readonly [length: string, password: string, good: boolean][] = [
    ['7 characters', 'x'.repeat(7), false],
    ['8 characters', 'x'.repeat(8), true],
    ['7 characters that are 14 code units', '\u{1F511}'.repeat(7), false],
    ['256 characters', 'x'.repeat(256), true],
    ['257 characters', 'x'.repeat(257), false],
  ]
  test.each(passwords)('a password of %s', async (_, password, good) => {
    const name = `user-${random(8)}x`
    const created = await create(name.replaceAll('_', '-'), password)
    expect(created.ok ? 'good' : created.error).toBe(good ? 'good' : 'bad_password_length')
  })
})
