/**
 * Local accounts: a name and a password, both checked here.
 *
 * @see OAuth 2.1 section 3.1 (draft-ietf-oauth-v2-1-16): the server must verify who the resource owner is
 * @module
 */

import { err, ok } from '../../shared/result.ts'
import type { Clock, Login, SignInAttempts, Users } from '../core/ports.ts'
import { type AttemptLimits, attempts } from './attempts.ts'
import { NOBODYS_HASH, verifyPassword } from './password-hash.ts'

/** What local accounts need. */
export interface LocalLoginOptions {
  readonly users: Pick<Users, 'findByUsername'>
  /** Where the brake on guessing counts. */
  readonly signInAttempts: SignInAttempts
  readonly now: Clock
  /** Of the brake; by default the usual ones. */
  readonly limits?: AttemptLimits
  /** Compares a password with a hash; the time that takes is most of an answer's. */
  readonly verify?: typeof verifyPassword
}

/**
 * Signs people in with the accounts in the store.
 *
 * @example const login = localLogin({ ...store, now })
 */
export function localLogin(options: LocalLoginOptions): Login {
  const { users, verify = verifyPassword } = options
  const brake = attempts({ store: options.signInAttempts, now: options.now }, options.limits)
  return {
    async verify(username, password, from) {
      if (!(await brake.begin(username, from))) return err('too_many_attempts')
      const user = await users.findByUsername(username)
      // Without an account, or a password, the same work is done for nothing: the time must not tell whether there is one.
      const fits = await verify(password, user?.passwordHash ?? NOBODYS_HASH)
      if (user === null || !fits) return err('bad_credentials')
      if (user.disabledAt !== null) return err('account_disabled')
      await brake.succeeded(username, from)
      return ok(user)
    },
  }
}
