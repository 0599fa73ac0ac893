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
  const email = addressOf(mail[claims.email])
  if (domains !== null) {
    if (email === null || mail['email_verified'] !== true) return err('unverified_email')
    if (!domains.includes(domainOf(email))) return err('foreign_email_domain')
  }
  const all = { ...userinfo, ...idToken }
  if (groups !== null && !listOf(all[claims.groups]).some((group) => groups.includes(group)))
    return err('missing_group')
  return ok({ username: textOf(all[claims.username]) ?? email, displayName: visibleOf(all[claims.name]) })
}

/** What is behind the last `@`; empty: there is none. */
const domainOf = (email: string): string => {
  const at = email.lastIndexOf('@')
  return at < 1 ? '' : email.slice(at + 1).toLowerCase()
}

/** RFC 5321 section 4.5.3.1.3. Cut to size, an address of another domain would end with one that may come. */
const LONGEST_ADDRESS = 254

const addressOf = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' && value.length <= LONGEST_ADDRESS ? value : null

const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value.slice(0, 256) : null

/** Without what PostgreSQL cannot store, and no page would show. */
const visibleOf = (value: unknown): string | null => textOf(textOf(value)?.replace(/[\p{Cc}\p{Cs}]/gu, ''))

const listOf = (value: unknown): readonly string[] =>
  [value].flat().filter((one): one is string => typeof one === 'string')
