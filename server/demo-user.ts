/**
 * The account of a development server, so that a newcomer can sign in at once. Never made without `--dev`.
 *
 * @module
 */
import type { Clock, Random, Users } from './core/ports.ts'
import { createUser } from './login/create-user.ts'

/** Printed at the start. Known to everyone: a development server is for this machine only. */
export const DEMO_USER = { username: 'demo', password: 'demo-password' } as const

/** Makes the account where it does not exist yet. */
export async function provideDemoUser(deps: {
  readonly users: Pick<Users, 'create'>
  readonly now: Clock
  readonly random: Random
}): Promise<void> {
  await createUser(deps, DEMO_USER)
}
