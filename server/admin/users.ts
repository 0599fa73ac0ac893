/**
 * The people who can sign in: `sallyport users ...`.
 *
 * @module
 */
import { ok } from '../../shared/result.ts'
import type { IdentityName } from '../core/identities.ts'
import { type AdminContext, type Outcome, refuse } from './context.ts'
import { date, table } from './table.ts'

const PASSWORD_RULE = 'A password has 8 to 256 characters.'

const PROBLEMS = {
  bad_username: 'A name has 1 to 64 letters, digits and . _ @ + - and begins with a letter or a digit.',
  bad_password_length: PASSWORD_RULE,
  username_taken: 'There is a user of that name already. To change the password: sallyport users password NAME',
} as const

export async function addUser({ accounts }: AdminContext, username: string, password: string): Outcome {
  const created = await accounts.create(username, password)
  return created.ok ? ok(`Added ${created.value.username}.`) : refuse(PROBLEMS[created.error])
}

export async function setPassword({ store, accounts }: AdminContext, username: string, password: string): Outcome {
  const user = await store.users.findByUsername(username)
  if (user === null) return refuse('There is no user of that name.')
  const encoded = await accounts.encode(password)
  if (!encoded.ok) return refuse(PASSWORD_RULE)
  const changed = await store.users.setPassword(user.id, encoded.value)
  return changed ? ok(`Changed the password of ${user.username}.`) : refuse('There is no user of that name.')
}

export async function removeUser({ store, now }: AdminContext, username: string): Outcome {
  const user = await store.users.findByUsername(username)
  const removed = user !== null && (await store.users.remove(user.id, now()))
  return removed
    ? ok(`Removed ${user.username}, with every access that was granted.`)
    : refuse('There is no user of that name.')
}

export async function disableUser({ store, now }: AdminContext, username: string): Outcome {
  const user = await store.users.findByUsername(username)
  if (user === null) return refuse('There is no user of that name.')
  return (await store.users.disable(user.id, now()))
    ? ok(`Disabled ${user.username}: signed out everywhere, and every access that was granted is revoked.`)
    : refuse(`${user.username} is disabled already.`)
}

export async function enableUser({ store }: AdminContext, username: string): Outcome {
  const user = await store.users.findByUsername(username)
  if (user === null) return refuse('There is no user of that name.')
  return (await store.users.enable(user.id))
    ? ok(`Enabled ${user.username}, who can sign in again. What was revoked stays so: applications have to ask anew.`)
    : refuse(`${user.username} is not disabled.`)
}

export async function linkUser({ store, now }: AdminContext, username: string, name: IdentityName): Outcome {
  const user = await store.users.findByUsername(username)
  if (user === null) return refuse('There is no user of that name.')
  const at = now()
  const link = { userId: user.id, linkedAt: at, lastSeenAt: at, sealedRefreshToken: null, checkAt: null }
  if (await store.identities.link({ ...name, ...link })) {
    return ok(`${user.username} is ${name.subject} at ${name.issuer}, and can sign in there.`)
  }
  const identity = await store.identities.find(name.issuer, name.subject)
  if (identity === null) return refuse('There is no user of that name.')
  const owner = await store.users.find(identity.userId)
  return refuse(`That is ${owner?.username ?? 'somebody'} already. To take it back: sallyport users unlink ...`)
}

export async function unlinkUser({ store }: AdminContext, { issuer, subject }: IdentityName): Outcome {
  return (await store.identities.unlink(issuer, subject))
    ? ok(
        `${subject} at ${issuer} is nobody here any more. What was granted stays: sallyport users disable NAME ends it.`,
      )
    : refuse('Nobody is linked to that.')
}

/** One person: how they sign in, and at which providers they are who. */
export async function showUser({ store }: AdminContext, username: string): Outcome {
  const user = await store.users.findByUsername(username)
  if (user === null) return refuse('There is no user of that name.')
  const state = user.disabledAt === null ? '' : `disabled ${date(user.disabledAt)}`
  const password = user.passwordHash === null ? 'none' : 'yes'
  const account = [user.username, user.displayName ?? '', user.id, date(user.createdAt), password, state]
  const identities = (await store.identities.list(user.id)).map((identity) => [
    identity.subject,
    identity.issuer,
    date(identity.linkedAt),
    date(identity.lastSeenAt),
    identity.sealedRefreshToken === null || identity.checkAt === null ? 'no refresh token' : date(identity.checkAt),
  ])
  const heads = ['SUBJECT', 'AT', 'LINKED (UTC)', 'LAST SEEN (UTC)', 'ASKED ABOUT NEXT (UTC)']
  return ok(
    [
      table(['NAME', 'CALLED', 'ID', 'CREATED (UTC)', 'PASSWORD', 'STATE'], [account], ''),
      table(heads, identities, 'Linked to nobody at a company’s identity provider.'),
    ].join('\n\n'),
  )
}

export async function listUsers({ store }: AdminContext): Outcome {
  const rows = (await store.users.list()).map((user) => [
    user.username,
    user.id,
    date(user.createdAt),
    user.disabledAt === null ? '' : `disabled ${date(user.disabledAt)}`,
  ])
  const heads = ['NAME', 'ID', 'CREATED (UTC)', 'STATE']
  return ok(table(heads, rows, 'No users yet. Add one with: sallyport users add NAME'))
}
