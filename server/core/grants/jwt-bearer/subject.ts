/**
 * Whose account an ID-JAG is about. Issuer and subject together are the only name that counts: an e-mail address is one that the issuer chose.
 *
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 4.1 and section 6
 * @see OpenID Connect Core 1.0 section 5.7: `sub` and `iss` together
 * @see docs/adr/0185-who-vouches-for-people.md
 * @module
 */
import { ok, type Result } from '../../../../shared/result.ts'
import { admissionEntries } from '../../admission-entries.ts'
import type { Dependencies } from '../../dependencies.ts'
import type { Identity, User } from '../../records.ts'
import { type Rejection, reject } from '../../rejection.ts'
import type { IdentityProvider } from '../../trusted-issuers/trusted-issuer.ts'

/** Who it is at the issuer. */
export type Person = Pick<Identity, 'issuer' | 'subject'>

/** The account that is linked to the person; where the provider may, one is made. */
export async function findAccount(
  person: Person,
  { subjects }: Pick<IdentityProvider, 'subjects'>,
  deps: Dependencies,
): Promise<Result<User, Rejection>> {
  const { identities, users } = deps.store
  const linked = await identities.find(person.issuer, person.subject)
  if (linked === null) return subjects === 'strict' ? reject('unknown_subject') : admit(person, deps)
  const user = await users.find(linked.userId)
  if (user === null) return reject('unknown_subject')
  return user.disabledAt === null ? ok(user) : reject('subject_disabled')
}

async function admit(person: Person, deps: Dependencies): Promise<Result<User, Rejection>> {
  const at = deps.now()
  const link = { linkedAt: at, lastSeenAt: at, sealedRefreshToken: null, checkAt: null }
  for (const username of await usernamesFor(person, deps)) {
    const userId = `usr_${deps.random(16)}`
    const user = { id: userId, username, displayName: null, passwordHash: null, createdAt: at, disabledAt: null }
    const identity = { ...person, ...link, userId }
    const entries = admissionEntries(identity, deps)
    const outcome = await deps.store.identities.admit(user, identity, entries)
    if (outcome === 'admitted') {
      entries.forEach(deps.audit)
      return ok(user)
    }
    // Somebody was faster: now there is an account.
    if (outcome === 'linked') return findAccount(person, { subjects: 'strict' }, deps)
  }
  return reject('unknown_subject')
}

/** Names for a new account, the nicest first. They say where the person came from, and are nobody's e-mail address. */
async function usernamesFor({ issuer, subject }: Person, { hash }: Dependencies): Promise<readonly string[]> {
  const host = URL.parse(issuer)?.hostname ?? ''
  const mark = (await hash(JSON.stringify([issuer, subject]))).replaceAll(/[^A-Za-z0-9]/g, '').slice(0, 16)
  return [`${subject}.at.${host}`, `${mark}.at.${host}`, mark].filter((name) => USERNAME.test(name))
}

/** As names of accounts are, without a sign that would make one an address. */
const USERNAME = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$/
