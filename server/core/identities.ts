/**
 * The ports of what is known of people at identity providers.
 *
 * @see OpenID Connect Core 1.0 section 5.7: issuer and subject together are the only stable name of a person
 * @module
 */
import type { Act, AuditEntry } from './audit.ts'
import type { Identity, PendingSignIn, User } from './records.ts'

/** What the audit log is to hold of an act. */
type Entry = AuditEntry<Act>

/** What a provider calls somebody. */
export type IdentityName = Pick<Identity, 'issuer' | 'subject'>

/** Who people are at identity providers. */
export interface Identities {
  find(issuer: string, subject: string): Promise<Identity | null>
  /** Links it to an account. False: it is linked already, possibly to somebody else; or there is no such account any more. */
  link(identity: Identity, entry?: Entry): Promise<boolean>
  /**
   * Creates an account and links the identity to it, in one transaction. `linked`: the identity is linked already; `username_taken`: another
   * account has the name. In both cases nothing is stored.
   */
  admit(user: User, identity: Identity, entries?: readonly Entry[]): Promise<'admitted' | 'linked' | 'username_taken'>
  /** Of one user, in the order of linking. */
  list(userId: string): Promise<readonly Identity[]>
  /** False: there is none. Revokes nothing. */
  unlink(issuer: string, subject: string, entry?: Entry): Promise<boolean>
  /**
   * The person has signed in there. Replaces the refresh token and the time of the next check; without a token the one that is there stays, and so does its
   * time. False: it is not linked.
   */
  seen(
    identity: Pick<Identity, 'issuer' | 'subject' | 'lastSeenAt' | 'sealedRefreshToken' | 'checkAt'>,
  ): Promise<boolean>
  /**
   * What came of asking about somebody whom `takeDue` gave. False: another token lies there by now, or it is somebody else's turn, or nobody's; nothing was
   * done. Never makes `lastSeenAt` earlier.
   */
  answered(
    asked: IdentityName & Pick<Identity, 'sealedRefreshToken' | 'checkAt'>,
    answer: Pick<Identity, 'lastSeenAt' | 'sealedRefreshToken' | 'checkAt'>,
  ): Promise<boolean>
  /** Of those whose refresh token is kept at most `limit`, in an order that stays: those after `after`. */
  listSealed(after: IdentityName, limit: number): Promise<readonly Identity[]>
  /** Replaces the sealed refresh token, of which everything else stays as it is. False: it is no longer `before`. */
  reseal(identity: IdentityName, before: string, after: string): Promise<boolean>
  /** Those that are to be checked by `now`, at most `limit`, each for one caller: they are due again at `next`, unless somebody says otherwise. */
  takeDue(now: number, next: number, limit: number): Promise<readonly Identity[]>
  /**
   * The provider no longer knows the person: forgets the refresh token, revokes the user's grants and ends the sessions, in one transaction. False: the person
   * has been seen later than `lastSeenAt`, or another token lies there, and nothing was done.
   */
  lose(identity: Omit<Identity, 'linkedAt' | 'checkAt'>, now: number, entry?: Entry): Promise<boolean>
}

/** Sign-ins that have begun at an identity provider. */
export interface PendingSignIns {
  create(pending: PendingSignIn): Promise<void>
  /** Ends it, for exactly one caller, in the browser that began it. Null: unknown, expired, over, or begun in another browser. */
  take(hash: string, browser: string, now: number): Promise<PendingSignIn | null>
  /** Without ending it, for a browser that cannot: what it was for. Null once expired or over. */
  find(hash: string, now: number): Promise<PendingSignIn | null>
}
