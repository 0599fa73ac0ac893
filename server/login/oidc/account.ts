/**
 * The account of somebody whom a provider has named: found by issuer and subject, and by nothing else; made with the first sign-in where that is
 * allowed.
 *
 * @see OpenID Connect Core 1.0 section 5.7: issuer and subject together are the only stable name of a person
 * @see docs/adr/0192-who-somebody-is.md
 * @module
 */
import { err, ok, type Result } from '../../../shared/result.ts'
import { admissionEntries } from '../../core/admission-entries.ts'
import type { Origin } from '../../core/dependencies.ts'
import type { Identity, User } from '../../core/records.ts'
import { USERNAME } from '../create-user.ts'
import type { OidcContext } from './context.ts'
import type { Profile } from './profile.ts'
import type { OidcProvider } from './provider.ts'

/** What is stored of an identity with each sign-in. */
export type Seen = Pick<Identity, 'issuer' | 'subject' | 'lastSeenAt' | 'sealedRefreshToken' | 'checkAt'>

/** Names that are tried for a new account before it gets one of random letters. */
const TRIES = 3

export async function findOrCreateAccount(
  seen: Seen,
  { provider, profile }: { readonly provider: OidcProvider; readonly profile: Profile },
  ctx: OidcContext & Origin,
): Promise<Result<User, { readonly problem: 'no_account' | 'upstream_account_disabled'; readonly userId?: string }>> {
  const { store } = ctx
  const known = await store.identities.find(seen.issuer, seen.subject)
  if ((known ?? seen).sealedRefreshToken === null && seen.sealedRefreshToken === null) ctx.onUnaskable(provider)
  if (known === null)
    return provider.accounts === 'create' ? create(seen, profile, ctx) : err({ problem: 'no_account' })
  const user = await store.users.find(known.userId)
  if (user === null) return err({ problem: 'no_account' })
  if (user.disabledAt !== null) return err({ problem: 'upstream_account_disabled', userId: user.id })
  // Some providers give a refresh token with the first consent only: who signs in again is still asked for with that one.
  return (await store.identities.seen(seen)) ? ok(user) : err({ problem: 'no_account' })
}

async function create(seen: Seen, profile: Profile, ctx: OidcContext & Origin): ReturnType<typeof findOrCreateAccount> {
  const { store, random, now } = ctx
  const wanted = usernameFrom(profile.username)
  for (let attempt = 0; attempt <= TRIES; attempt += 1) {
    // A name that somebody has says nothing of who this is: it is never theirs.
    const username = attempt === 0 && wanted !== null ? wanted : `${(wanted ?? 'user').slice(0, 50)}-${random(4)}`
    const user: User = {
      id: `usr_${random(16)}`,
      username,
      displayName: profile.displayName,
      passwordHash: null,
      createdAt: now(),
      disabledAt: null,
    }
    const identity = { ...seen, userId: user.id, linkedAt: now() }
    const entries = admissionEntries(identity, ctx)
    const outcome = await store.identities.admit(user, identity, entries)
    if (outcome === 'admitted') {
      entries.forEach(ctx.audit)
      return ok(user)
    }
    // Another tab of the same person was faster.
    if (outcome === 'linked') {
      const other = await store.identities.find(seen.issuer, seen.subject)
      const theirs = other === null ? null : await store.users.find(other.userId)
      return theirs === null || theirs.disabledAt !== null ? err({ problem: 'no_account' }) : ok(theirs)
    }
  }
  return err({ problem: 'no_account' })
}

/** Pure. As much of a name as an account can have; null: nothing. */
export function usernameFrom(name: string | null): string | null {
  const cleaned = (name ?? '')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9._@+-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 64)
  return USERNAME.test(cleaned) ? cleaned : null
}
