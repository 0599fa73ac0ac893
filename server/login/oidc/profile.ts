/**
 * Who somebody is by the claims of a provider, and whether they may come.
 *
 * @see OpenID Connect Core 1.0 section 5.1 (claims) and section 5.7: an e-mail address names nobody
 * @module
 */
import { err, ok, type Result } from '../../../shared/result.ts'
import type { OidcProvider } from './provider.ts'

export interface Profile {
  /** What they would like to be called, or the provider calls them; null: nothing is said. */
  readonly username: string | null
  readonly displayName: string | null
}

type Claims = Readonly<Record<string, unknown>>

/** Pure. */
export function readProfile(
  idToken: Claims,
  userinfo: Claims,
  { claims, domains, groups }: OidcProvider,
): Result<Profile, 'unverified_email' | 'foreign_email_domain' | 'missing_group'> {
  // Address and verification from one place: one of them says nothing of what the other has.
  const mail = claims.email in idToken ? idToken : userinfo
  const email = textOf(mail[claims.email])
  if (domains !== null) {
    if (email === null || mail['email_verified'] !== true) return err('unverified_email')
    if (!domains.includes(domainOf(email))) return err('foreign_email_domain')
  }
  const all = { ...userinfo, ...idToken }
  if (groups !== null && !listOf(all[claims.groups]).some((group) => groups.includes(group)))
    return err('missing_group')
  return ok({ username: textOf(all[claims.username]) ?? email, displayName: textOf(all[claims.name]) })
}

/** What is behind the last `@`; empty: there is none. */
const domainOf = (email: string): string => {
  const at = email.lastIndexOf('@')
  return at < 1 ? '' : email.slice(at + 1).toLowerCase()
}

const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value.slice(0, 256) : null

const listOf = (value: unknown): readonly string[] =>
  [value].flat().filter((one): one is string => typeof one === 'string')
