/**
 * The account of a development server, so that a newcomer can sign in at once. Never made without `--dev`.
 *
 * @module
 */
import type { Clock, Random, Users } from './core/ports.ts'
import { createUser } from './login/create-user.ts'
import { verifyPassword } from './login/password-hash.ts'

/** Printed at the start, where it is provided. Known to everyone: a development server is for this machine only. */
export const DEMO_USER = { username: 'demo', password: 'demo-password' } as const

/** Makes the account where it does not exist yet. */
export async function provideDemoUser(deps: {
  readonly users: Pick<Users, 'create'>
  readonly now: Clock
  readonly random: Random
}): Promise<void> {
  await createUser(deps, DEMO_USER)
}

/** Whether the account is there and still has the password that everyone knows. */
export async function hasDemoPassword(users: Pick<Users, 'findByUsername'>): Promise<boolean> {
  const user = await users.findByUsername(DEMO_USER.username)
  if (user === null || user.passwordHash === null) return false
  return verifyPassword(DEMO_USER.password, user.passwordHash)
}
