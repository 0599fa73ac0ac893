/**
 * What the `login` port promises.
 *
 * @module
 */
import { deepEqual, equal } from 'node:assert/strict'
import type { Login } from '../../core/ports.ts'
import type { User } from '../../core/records.ts'
import type { ConformanceCase } from './conformance-case.ts'
import { together } from './records.ts'

/** A login that knows one person, and what that person types. Nobody has tried to sign in yet. */
export interface KnownPerson {
  readonly login: Login
  readonly user: User
  readonly password: string
}

const HERE = '192.0.2.7'
const ELSEWHERE = '198.51.100.7'

/** Far more than anyone who mistypes. */
const GUESSES = 200

const BAD = { ok: false, error: 'bad_credentials' }
const TOO_MANY = { ok: false, error: 'too_many_attempts' }

export const loginCases: readonly ConformanceCase<KnownPerson>[] = [
  {
    name: 'login.verify gives the person whose name and password these are, however the name is written',
    async run({ login, user, password }) {
      for (const name of [user.username, user.username.toUpperCase(), user.username.toLowerCase()]) {
        deepEqual(await login.verify(name, password, HERE), { ok: true, value: user })
      }
    },
  },
  {
    name: 'login.verify says the same of a wrong password and of a name that nobody has',
    async run({ login, user, password }) {
      deepEqual(await login.verify(user.username, `${password}x`, HERE), BAD)
      deepEqual(await login.verify(user.username, '', HERE), BAD)
      deepEqual(await login.verify('somebody else', password, HERE), BAD)
      deepEqual(await login.verify('', password, HERE), BAD)
      deepEqual(await login.verify("' or 1=1 --", password, HERE), BAD)
    },
  },
  {
    name: 'login.verify brakes guessing, of names that nobody has too, and of the right password then, but not elsewhere',
    async run({ login, user, password }) {
      for (const name of [user.username, 'somebody else']) {
        let guesses = 0
        for (; guesses < GUESSES; guesses += 1) {
          const answer = await login.verify(name, `guess ${guesses}`, HERE)
          if (!answer.ok && answer.error === 'too_many_attempts') break
        }
        equal(guesses > 0 && guesses < GUESSES, true)
      }
      deepEqual(await login.verify(user.username, password, HERE), TOO_MANY)
      deepEqual(await login.verify(user.username, password, ELSEWHERE), { ok: true, value: user })
    },
  },
  {
    name: 'login.verify brakes 200 guesses that come at once',
    async run({ login, user }) {
      const answers = await together(GUESSES, (index) => login.verify(user.username, `guess ${index}`, HERE))
      const judged = answers.filter((answer) => !answer.ok && answer.error === 'bad_credentials').length
      equal(judged > 0 && judged <= 20, true, `${judged} guesses were judged`)
    },
  },
]
