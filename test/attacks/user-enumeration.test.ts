/**
 * The sign-in page is asked whether somebody has an account.
 *
 * @see OWASP Authentication Cheat Sheet: authentication responses
 * @module
 */
import { beforeAll, describe, expect, test } from 'bun:test'
import { createUser } from '../../server/login/create-user.ts'
import { localLogin } from '../../server/login/local-login.ts'
import { random } from '../../server/store/random.ts'
import { createPagesFixture, PASSWORD, type PagesFixture, USERNAME, type Visit } from '../support/pages-fixture.ts'

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

  test('take the same time', async () => {
    const { users } = fixture.store
    const login = localLogin({ users })
    await createUser({ users, now: () => fixture.clock.now, random }, { username: KNOWN, password: PASSWORD })
    const fastest = async (username: string): Promise<number> => {
      const times: number[] = []
      for (let i = 0; i < 4; i += 1) {
        const start = performance.now()
        await login.verify(username, 'wrong password', `192.0.2.${i}`)
        times.push(performance.now() - start)
      }
      return Math.min(...times)
    }
    const [known, unknown] = [await fastest(KNOWN), await fastest(NOBODY)]
    // Without the work for nothing, the second is a hundred times faster.
    expect(unknown).toBeGreaterThan(known / 4)
    expect(known).toBeGreaterThan(unknown / 4)
  })
})
