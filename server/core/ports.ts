/**
 * Everything that the core needs from outside. Storage ports are verbs that say who won: each is one guarded statement or one
 * transaction, never get-then-set. Times are seconds since the epoch. A storage port that cannot reach its store throws
 * `StoreUnavailable`.
 *
 * A verb that acts takes the entry of the audit log that goes with it, last: both are stored, or neither. `Audited` makes it a must.
 *
 * @module
 */
import type { ProofUse } from '../../shared/dpop/verify-proof.ts'
import type { Result } from '../../shared/result.ts'
import type { Act, AuditEntry, AuditFilter, AuditRecord, Issue, Observation, Tally } from './audit.ts'
import type { StoredClientDocuments } from './client-documents/client-document.ts'
import type { FlowStep } from './flow.ts'
import type { AssertionUse } from './grants/jwt-bearer/once.ts'
import type { Identities, PendingSignIns } from './identities.ts'
import type {
  AuthorizationCode,
  Client,
  ClientSecret,
  Consent,
  Grant,
  PublishedKeySet,
  RefreshToken,
  RegistrationToken,
  Resource,
  Session,
  User,
} from './records.ts'

export type { Signer } from './signer.ts'

/** Seconds since the epoch, whole. */
export type Clock = () => number

/** Fresh secrets: base64url of so many random bytes (32 when left out). */
export type Random = (bytes?: number) => string

/** Letters and digits, always as many, that grow from call to call: what is kept under them is kept in the order of its making. */
export type Ordinal = () => string

/** base64url(SHA-256(text)). */
export type Hash = (text: string) => Promise<string>

/** Seals text so that only someone who holds `secret` (a token of full entropy) can open it again. */
export interface Sealer {
  seal(text: string, secret: string): Promise<string>
  /** Null when the secret does not fit or the text was changed. */
  open(sealed: string, secret: string): Promise<string | null>
}

/** What the audit log is to hold of an act. */
type Entry = AuditEntry<Act>

/** The same ports, none of whose acts can be done without an entry. */
export type Audited<Ports> = { readonly [Name in keyof Ports]: Strict<Ports[Name]> }

type Strict<Port> = {
  readonly [Verb in keyof Port]: Port[Verb] extends (...given: infer Given) => infer Answer
    ? (...given: Required<Given>) => Answer
    : Port[Verb]
}

export interface Clients {
  /** What another process has just changed may count a second later. */
  find(id: string): Promise<Client | null>
  /** As it is now, for whoever is about to be refused. A flood of them sees it as it was a moment ago. */
  findAnew(id: string): Promise<Client | null>
  /** False: the id is taken. */
  create(client: Client, entry?: Entry): Promise<boolean>
  list(): Promise<readonly Client[]>
  /** False: there is no such client, or its secrets are no longer those of `before`. */
  replaceSecrets(
    id: string,
    before: readonly ClientSecret[],
    after: readonly ClientSecret[],
    entry?: Entry,
  ): Promise<boolean>
  /** False: there is none. Its grants are revoked with it, in one transaction. */
  remove(id: string, now: number, entry?: Entry): Promise<boolean>
  /** It does not end before `until`. Never makes an end earlier, or one where there is none. False: there is no such client any more. */
  keep(id: string, until: number): Promise<boolean>
  /** Never makes an end earlier, or one where there is none. */
  recordUse(id: string, use: ClientUse): Promise<void>
}

/** That a client was used, and how long it lives on. */
export interface ClientUse {
  readonly at: number
  readonly expiresAt: number
}

/** The last good keys of clients that publish them, by their `jwks_uri`. */
export interface PublishedKeys {
  find(jwksUri: string): Promise<PublishedKeySet | null>
  /** Adds them, or replaces those that were not fetched later; `keptUntil` never moves back. */
  put(keys: PublishedKeySet): Promise<void>
  /** Keeps them, if there are any, at least until then. */
  keep(jwksUri: string, until: number): Promise<void>
}

/** Initial access tokens. */
export interface RegistrationTokens {
  /** False: the name is taken. */
  create(token: RegistrationToken, entry?: Entry): Promise<boolean>
  /** Takes one of its uses, in one statement. Its name; null: unknown, expired or used up. */
  use(hash: string, now: number): Promise<string | null>
  list(): Promise<readonly RegistrationToken[]>
  /** False: there is none. */
  remove(name: string, entry?: Entry): Promise<boolean>
}

export interface Resources {
  /** In the order of registration. */
  list(): Promise<readonly Resource[]>
  /** Adds it, or replaces the one with this identifier. */
  put(resource: Resource, entry?: Entry): Promise<void>
  remove(identifier: string, entry?: Entry): Promise<boolean>
}

/** A part of a list. */
export interface Part {
  readonly after: number
  readonly limit: number
}

export interface Grants {
  /**
   * Stores a grant and its code together, if the person is still who they were when they were asked, in one transaction. `session`: the hash of what they
   * are signed in with. False: it has ended since, or is not theirs. Null: they were vouched for in another way. False: they were removed or disabled.
   */
  create(grant: Grant, code: AuthorizationCode, session?: string | null, entry?: Entry): Promise<boolean>
  /**
   * Stores a grant that rests on an assertion, and uses that up, in one transaction: `redeemed` for exactly one caller; `used`: it was used up
   * before; `disabled`: the person is, or was removed. The proof is used up in the same transaction, whatever becomes of the rest; `replayed`: it was used before.
   */
  redeem(
    grant: Grant,
    uses: { readonly assertion: AssertionUse | null; readonly proof: ProofUse | null },
    now: number,
    entry?: Entry,
  ): Promise<'redeemed' | 'used' | 'disabled' | 'replayed'>
  find(id: string): Promise<Grant | null>
  /** Those neither revoked nor expired, newest first; all of them, or `limit` of them after so many. */
  listLive(userId: string, now: number, part?: Part): Promise<readonly Grant[]>
  /** Whether the person has a live grant with this client at this resource. */
  hasLive(userId: string, clientId: string, resource: string, now: number): Promise<boolean>
  /** True: this call revoked it. False: unknown, or revoked before. */
  revoke(id: string, now: number, entry?: Entry): Promise<boolean>
}

export interface Codes {
  /** Together with its grant. */
  find(hash: string): Promise<{ readonly code: AuthorizationCode; readonly grant: Grant } | null>
  /**
   * Consumes the code and stores the first refresh token of its grant (null: none is issued), in one transaction:
   * `redeemed` for exactly one caller; `consumed`: someone else was first; `dead`: the code expired or its grant is no longer live. The proof is
   * used up in the same transaction, whatever becomes of the code; `replayed`: it was used before, and the code is left alone.
   */
  redeem(
    hash: string,
    refreshToken: RefreshToken | null,
    now: number,
    proof?: ProofUse | null,
    entry?: Entry,
  ): Promise<'redeemed' | 'consumed' | 'dead' | 'replayed'>
}

export interface RefreshTokens {
  /** Together with its grant. */
  find(hash: string): Promise<{ readonly token: RefreshToken; readonly grant: Grant } | null>
  /**
   * Consumes `hash`, forgets its sealed value, and creates the successor, in one transaction:
   * `rotated` for exactly one caller; `consumed`: someone else was first; `dead`: the grant is no longer live, or the token expired. The proof is
   * used up in the same transaction, whatever becomes of the token; `replayed`: it was used before, and the token is left alone.
   */
  rotate(
    rotation: { readonly hash: string; readonly successor: RefreshToken; readonly now: number },
    proof?: ProofUse | null,
    entry?: Entry,
  ): Promise<'rotated' | 'consumed' | 'dead' | 'replayed'>
}

/** Access tokens that were revoked one by one, until they expire. */
export interface RevokedTokens {
  /** True: this call was the first. */
  remember(jti: string, expiresAt: number, entry?: Entry): Promise<boolean>
  has(jti: string): Promise<boolean>
}

/** What may be used once: the ids of assertions. */
export interface Replays {
  /** True: this call was the first since the last one expired. A key is any text; whoever asks puts in what makes it unique. */
  remember(key: string, expiresAt: number, now: number): Promise<boolean>
}

/** DPoP proofs that were used. */
export interface Proofs {
  /**
   * True: this call was the first. The end of a proof follows from what it says, so whoever shows it again asks with the same end; one with the same
   * key and an end that is up to ten minutes from it is the same, too. Forgotten some time after its end.
   */
  remember(key: string, expiresAt: number): Promise<boolean>
}

export interface Consents {
  find(userId: string, clientId: string, resource: string): Promise<Consent | null>
  /** Adds the scopes to those that were agreed to before, in one statement or transaction. False: the person was removed, and nothing is stored. */
  remember(consent: Consent, entry?: Entry): Promise<boolean>
  forget(userId: string, clientId: string, resource: string, entry?: Entry): Promise<void>
}

export interface Users {
  find(id: string): Promise<User | null>
  /** Names are compared without regard to case. */
  findByUsername(username: string): Promise<User | null>
  /** False: the name is taken. */
  create(user: User, entry?: Entry): Promise<boolean>
  /** Ends the user's sessions too, in one transaction: a new password often means that somebody had the old one. */
  setPassword(id: string, passwordHash: string, entry?: Entry): Promise<boolean>
  /** False: there is none. Revokes the user's grants, and forgets sessions, consents and identities, in one transaction. */
  remove(id: string, now: number, entry?: Entry): Promise<boolean>
  /** Revokes the user's grants and ends the sessions too, in one transaction; no grant is created after it. False: there is none, or it was before. */
  disable(id: string, now: number, entry?: Entry): Promise<boolean>
  /** False: there is none, or it was not disabled. What was revoked stays so. */
  enable(id: string, entry?: Entry): Promise<boolean>
  list(): Promise<readonly User[]>
}

export interface Sessions {
  /** `passwordHash`: what the password fitted; null: none was asked for. False: since then the person was removed or disabled, or has another. */
  create(session: Session, passwordHash?: string | null, entry?: Entry): Promise<boolean>
  /** Null once expired. */
  find(hash: string, now: number): Promise<Session | null>
  /** The entry is stored if there was one. */
  remove(hash: string, entry?: Entry): Promise<void>
  /**
   * Ends the one that came from this session at an identity provider, with `subject` also those of that person of which no session there is known; or
   * without `sid` all that came from its `subject`. The users' ids, each once.
   */
  removeUpstream(
    upstream: {
      readonly issuer: string
    } & ({ readonly sid: string; readonly subject?: string } | { readonly subject: string }),
    /** Of each user. */
    entryOf?: (userId: string) => Entry,
  ): Promise<readonly string[]>
}

/** So many within so many seconds. */
export interface AttemptLimit {
  readonly attempts: number
  /** Seconds. */
  readonly window: number
}

/** The audit log. Nothing changes an entry; `Store.purge` deletes those that are older than they have to be kept. */
export interface AuditLog {
  /** Adds what no act stores. */
  append(entries: readonly (AuditEntry<Issue | Observation> | Tally)[]): Promise<void>
  /**
   * Of the entries up to `to` (null: the newest), those that match, newest first. Looks at a bounded number of them: `next` is where to go on;
   * null: there is nothing older.
   */
  readBack(to: number | null, wanted: AuditFilter): Promise<{ records: readonly AuditRecord[]; next: number | null }>
  /** Of the entries after `id`, those that match, oldest first. Looks at a bounded number of them: `last` is where to go on. */
  readOn(id: number, wanted: AuditFilter): Promise<{ records: readonly AuditRecord[]; last: number }>
}

/** The flow trace. */
export interface FlowLog {
  append(steps: readonly FlowStep[]): Promise<void>
  /** Oldest first. */
  since(at: number): Promise<readonly FlowStep[]>
}

/** How often something was tried lately, in all processes together. */
export interface SignInAttempts {
  /**
   * Counts one more, in one statement. False: too many. From the first that is refused, all are for `window` seconds; being refused
   * does not make that longer.
   */
  take(key: string, limit: AttemptLimit, now: number): Promise<boolean>
  /** One does not count after all. Ends no refusal. */
  giveBack(key: string, limit: AttemptLimit): Promise<void>
  forget(key: string): Promise<void>
}

/** How long it takes until everything that `key` did is forgiven. */
export interface Debt {
  readonly key: string
  /** Seconds, with fractions. */
  readonly seconds: number
}

/** What callers owe under the rate limits, in all processes together. */
export interface SharedLimits {
  /**
   * Adds to what each of these keys owes, in one statement; a debt below zero takes away. The largest debts there are (at most `most`),
   * and after them what each of these keys owed when it had been added to, possibly the same key again.
   */
  exchange(added: readonly Debt[], now: number, most: number): Promise<readonly Debt[]>
}

/** Work that one process at a time should do. A help, not a guard: what must not happen twice is guarded where it is stored. */
export interface Leases {
  /** True: it is the holder's until then. It was free, or run out, or the holder's already. */
  acquire(name: string, holder: string, until: number, now: number): Promise<boolean>
  /** Does nothing when it is someone else's. */
  release(name: string, holder: string): Promise<void>
}

/** How long records are kept, in seconds; null: for ever. */
export interface Keep {
  readonly audit?: number | null
  readonly flows?: number | null
}

/** Everything in the database that the server uses. */
export interface Store {
  readonly clients: Clients
  readonly clientDocuments: StoredClientDocuments
  readonly publishedKeys: PublishedKeys
  readonly registrationTokens: RegistrationTokens
  readonly resources: Resources
  readonly grants: Grants
  readonly codes: Codes
  readonly refreshTokens: RefreshTokens
  readonly revokedTokens: RevokedTokens
  readonly replays: Replays
  readonly proofs: Proofs
  readonly consents: Consents
  readonly users: Users
  readonly identities: Identities
  readonly pendingSignIns: PendingSignIns
  readonly sessions: Sessions
  readonly signInAttempts: SignInAttempts
  readonly sharedLimits: SharedLimits
  readonly leases: Leases
  readonly audit: AuditLog
  readonly flows: FlowLog
  /** Throws `StoreUnavailable` when the database does not answer. */
  ping(): Promise<void>
  /**
   * Deletes some of what expired by `now`: of each kind at most `limit` rows. Says how many rows; 0: nothing is left to delete. `keep`: of
   * records, which do not expire by themselves, those that are older; default: none.
   */
  purge(now: number, limit: number, keep?: Keep): Promise<number>
  close(): Promise<void>
}

/** The database cannot be used right now. The wire says 503 `temporarily_unavailable`, never `invalid_grant`. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
}

/** Why a name and a password sign nobody in. `account_disabled`: they are right. */
export type SignInProblem = 'bad_credentials' | 'too_many_attempts' | 'account_disabled'

/** Who the person is, by a name and a password. */
export interface Login {
  /** Checks a name and a password in constant time, whether or not the name exists, and brakes guessing. `from`: the peer's address. */
  verify(username: string, password: string, from: string): Promise<Result<User, SignInProblem>>
}
