/**
 * A new local account, and the rules for its name and password.
 *
 * @see NIST SP 800-63B section 5.1.1.1: length counts, composition rules do not
 * @module
 */

import { err, ok, type Result } from '../../shared/result.ts'
import type { Clock, Random, Users } from '../core/ports.ts'
import type { User } from '../core/records.ts'
import { hashPassword } from './password-hash.ts'

/** How long a password may be, in characters. */
export const PASSWORD_LENGTH = { min: 8, max: 256 } as const

/** Letters, digits and `. _ @ + -`, so that an e-mail address is a name too; the first is a letter or a digit. */
export const USERNAME = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$/

export interface NewUser {
  readonly username: string
  readonly password: string
  readonly displayName?: string | null
}

/** Why there is no new account. */
export type NewUserProblem = 'bad_username' | 'bad_password_length' | 'username_taken'

/** Creates an account, or says why not. */
export async function createUser(
  { users, now, random }: { readonly users: Pick<Users, 'create'>; readonly now: Clock; readonly random: Random },
  { username, password, displayName = null }: NewUser,
): Promise<Result<User, NewUserProblem>> {
  if (!USERNAME.test(username)) return err('bad_username')
  const length = [...password.normalize('NFKC')].length
  if (length < PASSWORD_LENGTH.min || length > PASSWORD_LENGTH.max) return err('bad_password_length')
  const passwordHash = await hashPassword(password)
  const user: User = {
    id: `usr_${random(16)}`,
    username,
    displayName,
    passwordHash,
    createdAt: now(),
    disabledAt: null,
  }
  return (await users.create(user)) ? ok(user) : err('username_taken')
}
