/**
 * Signing in at a company's own identity provider, as the pages see it. `server/login/oidc/` implements it.
 *
 * @see OpenID Connect Core 1.0 section 3.1: the code flow, with this server as the relying party
 * @see docs/adr/0191-signing-in-elsewhere.md
 * @module
 */
import type { FormRecord } from '../../shared/form.ts'
import type { Result } from '../../shared/result.ts'
import type { Origin } from './dependencies.ts'
import type { UpstreamSession, User } from './records.ts'

/** Why a sign-in at an identity provider came to nothing. For the records: a page says less. */
export const UPSTREAM_PROBLEMS = [
  'unknown_provider',
  'provider_unavailable',
  'provider_misconfigured',
  'unknown_sign_in',
  'provider_refused',
  'wrong_provider',
  'code_refused',
  'malformed_id_token',
  'wrong_id_token_signature',
  'wrong_id_token_issuer',
  'wrong_id_token_audience',
  'wrong_id_token_nonce',
  'wrong_id_token_at_hash',
  'expired_id_token',
  'stale_authentication',
  'wrong_userinfo_subject',
  'unverified_email',
  'foreign_email_domain',
  'missing_group',
  'no_account',
  'upstream_account_disabled',
] as const
export type UpstreamProblem = (typeof UPSTREAM_PROBLEMS)[number]

/** An identity provider, as the sign-in page names it. */
export interface UpstreamProvider {
  readonly id: string
  readonly name: string
  /** What it is asked for, with `openid`. */
  readonly scopes: readonly string[]
}

/** What is begun. */
export interface UpstreamStart {
  readonly provider: string
  /** The browser's cookie. */
  readonly cookie: string
  /** The query of the authorization request that it is for; null: none. */
  readonly request: string | null
}

/** Somebody has signed in. */
export interface UpstreamArrival {
  readonly user: User
  readonly request: string | null
  readonly session: Pick<UpstreamSession, 'issuer' | 'subject' | 'sid'> & { readonly idToken: string }
}

/** `request`: as far as it is known what it was for. */
export interface UpstreamFailure {
  readonly problem: UpstreamProblem
  readonly request: string | null
  readonly userId?: string
}

export interface Upstream {
  /** In the order of the sign-in page. */
  readonly providers: readonly UpstreamProvider[]
  /** Whether people may sign in with a name and a password, too. */
  readonly passwords: boolean
  /** Where to send the browser. */
  begin(start: UpstreamStart): Promise<Result<string, UpstreamFailure>>
  /** What the provider's answer comes to. `provider`: whose callback it came to; `cookie`: the browser's. */
  finish(
    answer: { readonly provider: string; readonly query: FormRecord; readonly cookie: string | null },
    origin: Origin,
  ): Promise<Result<UpstreamArrival, UpstreamFailure>>
  /** Where a browser is sent that has signed out here, so that it is signed out there, too; null: nowhere. `cookie`: that of the session. */
  signOut(session: UpstreamSession, cookie: string): Promise<string | null>
  /** A provider says that somebody has signed out there. */
  signedOut(logoutToken: string, origin: Origin): Promise<Result<null, LogoutProblem>>
}

/** Why a logout token does not count. */
export type LogoutProblem =
  | 'malformed'
  | 'wrong_issuer'
  | 'wrong_signature'
  | 'wrong_claims'
  | 'replayed'
  | 'unavailable'
