/**
 * The audit log: who did what, through which client, at which resource, how it ended and why, in which request. Never a token, a code or
 * a password.
 *
 * An act is written down in the transaction that does it: its entry goes to the storage port with it, and there are both or neither.
 * What is issued without anything else being stored (a machine token, the access token of a refresh that is told again) is written down at once
 * after. A refusal is an observation, and is written down in bounded numbers.
 *
 * @see docs/adr/0114-acts-carry-their-entry.md
 * @module
 */
import type { Claimed } from './claimed.ts'
import type { DocumentFailure } from './client-documents/fetch-document.ts'
import type { Origin } from './dependencies.ts'
import type { Sighting } from './flow.ts'
import type { Clock, SignInProblem } from './ports.ts'
import type { Reason, Voucher } from './rejection.ts'
import type { LogoutProblem, UpstreamProblem } from './upstream.ts'

/** The agents that stand behind it, the first that acted first; left out: none. */
interface OfAgents {
  readonly agents?: readonly string[]
}

/** Everything that a grant says of itself. */
interface OfGrant {
  readonly grantId: string
  readonly userId: string
  readonly clientId: string
  readonly resource: string
}

/** What was done: it is in the database exactly if its entry is. */
export type Act =
  | ({ readonly type: 'authorization_granted'; readonly scopes: readonly string[] } & OfGrant & OfAgents)
  | ({ readonly type: 'token_issued' | 'token_refreshed' } & OfGrant & OfAgents)
  | ({ readonly type: 'assertion_redeemed'; readonly scopes: readonly string[] } & OfGrant & OfAgents)
  /** Without a grant and a person: of a client that acts for itself. */
  | ({ readonly type: 'token_revoked'; readonly grantId: string | null; readonly userId: string | null } & Omit<
      OfGrant,
      'grantId' | 'userId'
    >)
  | ({
      readonly type: 'grant_revoked'
      readonly reason: 'code_replayed' | 'refresh_reused' | 'revocation_request' | 'user'
    } & OfGrant)
  | ({ readonly type: 'consent_remembered'; readonly scopes: readonly string[] } & Omit<OfGrant, 'grantId'>)
  | ({ readonly type: 'consent_forgotten' } & Omit<OfGrant, 'grantId'>)
  | ({ readonly type: 'client_registered'; readonly clientId: string } & OfAgents)
  | {
      readonly type: 'client_changed' | 'client_removed' | 'client_pinned' | 'client_unpinned'
      readonly clientId: string
    }
  | { readonly type: 'resource_stored' | 'resource_removed'; readonly resource: string }
  | { readonly type: 'registration_token_created' | 'registration_token_removed'; readonly name: string }
  | { readonly type: 'key_made' | 'key_deleted'; readonly name: string }
  | {
      readonly type: 'user_added' | 'user_removed' | 'user_disabled' | 'user_enabled' | 'password_changed'
      readonly userId: string
    }
  | { readonly type: 'sign_in' | 'sign_out'; readonly userId: string }
  /** `name`: the issuer of the identity. */
  | { readonly type: 'identity_linked' | 'identity_unlinked'; readonly userId: string; readonly name: string }
  /** The person's identity provider ended all that was granted by them. */
  | {
      readonly type: 'access_ended'
      readonly reason: 'refused_by_provider' | 'signed_out_by_provider' | 'not_seen_by_provider' | 'provider_removed'
      readonly userId: string
    }

/** A token that was issued without anything else being stored: each has its row. */
export type Issue =
  | ({ readonly type: 'refresh_replayed' } & OfGrant & OfAgents)
  | ({ readonly type: 'machine_token_issued'; readonly clientId: string; readonly resource: string } & OfAgents)
  /**
   * Whose hands it was in shows in the actor: `actors:newest,...,oldest`. `name`: what it was made from, as `SUBJECT at RESOURCE`. `resource` of an ID-JAG:
   * the authorization server that it is for.
   */
  | ({
      readonly type: 'token_exchanged' | 'id_jag_issued'
      readonly grantId: string | null
      readonly userId: string | null
      readonly scopes: readonly string[]
      readonly name?: string
    } & Omit<OfGrant, 'grantId' | 'userId'> &
      OfAgents)
  /** `name`: who it is, in the words of whoever vouched. */
  | ({
      readonly type: 'workload_token_issued'
      readonly clientId: string
      readonly resource: string
      readonly name: string
    } & OfAgents)

/** What was refused. `clientId`, `userId`: only of those that are known, proven or not. */
export type Observation =
  | ({ readonly type: 'authorization_denied' } & Omit<OfGrant, 'grantId'>)
  | {
      readonly type:
        | 'authorization_rejected'
        | 'token_rejected'
        | 'revocation_rejected'
        | 'introspection_rejected'
        | 'registration_rejected'
      readonly reason: Reason
      readonly clientId?: string
      readonly resource?: string
      readonly grantId?: string
      readonly assertion?: Voucher
    }
  | { readonly type: 'logout_rejected'; readonly reason: LogoutProblem }
  | { readonly type: 'client_document_rejected'; readonly reason: DocumentFailure; readonly clientId: string }
  | PageRefusal
  | {
      readonly type: 'sign_in_failed'
      readonly reason: SignInProblem | UpstreamProblem | 'passwords_off'
      readonly clientId?: string
      readonly userId?: string
    }

/** A page stopped somebody before anything could be judged. */
export interface PageRefusal {
  readonly type: 'authorization_rejected' | 'sign_in_rejected' | 'consent_rejected'
  readonly reason: Extract<
    Reason,
    | 'unreadable_form'
    | 'credentials_too_long'
    | 'missing_cookie'
    | 'foreign_form'
    | 'url_too_long'
    | 'too_many_parameters'
    | 'parameter_too_long'
    | 'rate_limited'
    | 'unavailable'
    | 'internal_error'
  >
}

export type AuditEvent = Act | Issue | Observation

/** When and in which request it was, and at whose hands, where that is not the person or the client of the event. */
export interface Circumstances {
  /** Seconds since the epoch. */
  readonly at: number
  /** Null: in none. */
  readonly requestId: string | null
  /** E.g. `cli:root`; `address:192.0.2.7` for whoever was refused there. */
  readonly actor?: string
  /** What a refused request says of itself. */
  readonly claimed?: Claimed
  /** For the flow trace: the attempt, and the peer's address. */
  readonly attempt?: string | null
  readonly from?: () => string
}

/** What is written down. */
export interface AuditEntry<Event extends AuditEvent | Sighting = AuditEvent> extends Circumstances {
  readonly event: Event
}

/** How many observations of a kind there were, beyond those that have an entry of their own. */
export interface Tally extends Circumstances {
  /** Client and resource: where all of them have the same. */
  readonly event: {
    readonly type: Observation['type']
    readonly reason?: string
    readonly clientId?: string
    readonly resource?: string
  }
  readonly count: number
}

/** The actor where the server did something by itself, in no request. */
export const SERVER = 'server'

/** Told of every entry; must not throw and must not be waited for. Those of acts are stored already. */
export type Audit = (entry: AuditEntry) => void

/** The entry of an event that happens now. */
export const auditEntry = <Event extends AuditEvent | Sighting>(
  event: Event,
  { now, requestId, attempt, from }: Origin & { readonly now: Clock },
): AuditEntry<Event> => ({
  event,
  at: now(),
  requestId,
  ...(attempt === undefined ? {} : { attempt }),
  ...(from === undefined ? {} : { from }),
})

/** Whether it is of a token that nothing has stored yet. */
export const isIssue = (entry: AuditEntry): entry is AuditEntry<Issue> =>
  entry.event.type === 'machine_token_issued' ||
  entry.event.type === 'token_exchanged' ||
  entry.event.type === 'id_jag_issued' ||
  entry.event.type === 'workload_token_issued' ||
  entry.event.type === 'refresh_replayed'

/** A closed list, so that a new kind of event has to be one of these. */
const OBSERVATIONS: Readonly<Record<Observation['type'], true>> = {
  authorization_denied: true,
  authorization_rejected: true,
  token_rejected: true,
  revocation_rejected: true,
  introspection_rejected: true,
  registration_rejected: true,
  client_document_rejected: true,
  logout_rejected: true,
  sign_in_failed: true,
  sign_in_rejected: true,
  consent_rejected: true,
}

/** Whether it is of something that was refused: nothing has stored it yet. */
export const isObservation = (entry: AuditEntry): entry is AuditEntry<Observation> =>
  Object.hasOwn(OBSERVATIONS, entry.event.type)

/** An entry as it was stored. */
export interface AuditRecord extends Circumstances {
  /** Grows with time. */
  readonly id: number
  readonly type: AuditEvent['type']
  readonly reason: string | null
  readonly userId: string | null
  readonly clientId: string | null
  readonly resource: string | null
  readonly grantId: string | null
  readonly scopes: readonly string[] | null
  /** The agents that stood behind it, the first that acted first; null: none. */
  readonly agents: readonly string[] | null
  /** How many events it stands for. */
  readonly count: number
}

/** Which entries somebody wants to see; what is left out does not matter. */
export interface AuditFilter {
  readonly clientId?: string
  /** Or which only claimed to be of this client. */
  readonly claimedId?: string
  readonly userId?: string
  readonly grantId?: string
  readonly requestId?: string
  readonly type?: string
  /** Not older. Seconds since the epoch. */
  readonly since?: number
}

/** How it ended. */
export const outcomeOf = ({ type }: Pick<AuditRecord, 'type'>): 'done' | 'refused' =>
  /_(rejected|denied|failed)$/.test(type) ? 'refused' : 'done'
