/**
 * The sign-in page is asked whether somebody has an account.
 *
 * @see OWASP Authentication Cheat Sheet: authentication responses
 * @module
 */
import { beforeAll, describe, expect, test } from 'bun:test'
import { createUser } from '../../server/login/create-user.ts'
import { localLogin } from '../../server/login/local-login.ts'
import { verifyPassword } from '../../server/login/password-hash.ts'
import { random } from '../../server/store/random.ts'
import { err } from '../../shared/result.ts'
import { createPagesFixture, PASSWORD, type PagesFixture, USERNAME, type Visit } from '../support/pages-fixture.ts'

/** `ln=15,r=8,p=3` of a hash, the lengths of salt and key with it. */
const costOf = (hash: string): string => {
  const [, scheme, cost, salt = '', key = ''] = hash.split('$')
  return `${scheme} ${cost} ${salt.length} ${key.length}`
}

const NOBODY = 'eve'
const KNOWN = 'grace'

describe('a name that exists and one that does not', () => {
  let fixture: PagesFixture
  beforeAll(async () => {
    fixture = await createPagesFixture()
  })

  /** Answers to so many wrong passwords, from an address of its own. */
  const guesses = async (username: string, address: string, count: number): Promise<readonly Visit[]> => {
    const browser = fixture.browser(address)
    const { hidden } = await browser.get('/sign-in')
    const answers: Visit[] = []
    for (let i = 0; i < count; i += 1) {
      answers.push(await browser.post('/sign-in', { ...hidden, username, password: `wrong ${i}` }))
    }
    return answers
  }

  test('get the same answer, also once the brake is on', async () => {
    const known = await guesses(USERNAME, '192.0.2.10', 7)
    const unknown = await guesses(NOBODY, '192.0.2.11', 7)
    const plain = ({ status, html, headers }: Visit, name: string) => [
      status,
      html.replaceAll(`"${name}"`, '""').replace(/name="csrf" value="[^"]*"/, ''),
      headers.get('retry-after'),
    ]
    expect(known.map((answer) => plain(answer, USERNAME))).toEqual(unknown.map((answer) => plain(answer, NOBODY)))
    expect(known.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403, 429, 429])
  })

  test('cost the same work: one comparison with a hash of the same parameters', async () => {
    const { users, signInAttempts } = fixture.store
    const now = () => fixture.clock.now
    const compared: string[] = []
    const verify: typeof verifyPassword = (password, hash) => {
      compared.push(hash)
      return verifyPassword(password, hash)
    }
    const login = localLogin({ users, signInAttempts, now, verify })
    await createUser({ users, now, random }, { username: KNOWN, password: PASSWORD })
    for (const name of [KNOWN, NOBODY]) expect(await login.verify(name, 'wrong', 'x')).toEqual(err('bad_credentials'))
    const [known = '', unknown = '', ...more] = compared.map(costOf)
    expect(known).not.toBe('')
    expect(unknown).toBe(known)
    expect(more).toEqual([])
  })
})
