/**
 * The flow trace: how far each attempt to connect came, from discovery to the first call of a resource, and why it ended. It answers "it does
 * not connect". Unlike the audit log it is kept for days, is written behind, and may have holes.
 *
 * @see docs/adr/0117-the-flow-trace.md
 * @module
 */
import type { FormRecord } from '../../shared/form.ts'
import type { AuditEntry } from './audit.ts'

/** What only the flow trace is told of: nothing is decided, nothing is refused. */
export type Sighting =
  | { readonly type: 'metadata_read' }
  | { readonly type: 'authorization_accepted'; readonly clientId: string; readonly resource: string }
  | { readonly type: 'sign_in_asked'; readonly clientId?: string; readonly resource?: string }
  | { readonly type: 'consent_asked'; readonly clientId: string; readonly resource: string }
  | {
      readonly type: 'resource_called'
      readonly grantId: string
      readonly clientId: string
      readonly resource: string
    }
  | {
      readonly type: 'resource_refused'
      readonly reason: RefusedCall
      readonly grantId: string
      readonly clientId: string
      readonly resource: string
    }

/** Why a resource was told that a token of a known grant is worth nothing. */
export type RefusedCall =
  | 'token_expired'
  | 'token_revoked'
  | 'grant_revoked'
  | 'token_of_another_resource'
  | 'refresh_token_presented'

/** Told of sightings; must not throw and must not be waited for. */
export type Trace = (sighting: AuditEntry<Sighting>) => void

/** In the order in which a connection is made. An assertion stands for everything before the token; only exchanges that are refused are steps. */
export const FLOW_STEPS = [
  'discovery',
  'registration',
  'authorize',
  'sign_in',
  'consent',
  'code',
  'assertion',
  'token',
  'first_call',
  'exchange',
] as const

/** One step of an attempt. Null: not known. */
export interface FlowStep {
  readonly at: number
  readonly step: (typeof FLOW_STEPS)[number]
  /** `asked`: it is the person's turn. */
  readonly outcome: 'done' | 'asked' | 'refused'
  readonly reason: string | null
  /** As the caller wrote it where it is not known. */
  readonly clientId: string | null
  readonly resource: string | null
  /** What all requests of one attempt in the browser have in common; of an assertion: whom it is of. */
  readonly attempt: string | null
  readonly grantId: string | null
  /** The peer's address, where it is the application's and not the person's. */
  readonly address: string | null
  readonly requestId: string | null
}

/** Young grants are looked at when their tokens are used; in seconds. A later first call is nobody's first attempt. */
export const FIRST_CALL_WITHIN = 3600

/**
 * What identifies an attempt while it is in the browser: the beginning of its code challenge, which is new each time, and itself a hash. Null
 * for a request without one.
 */
export function attemptOf(query: FormRecord): string | null {
  const challenge = query['code_challenge']
  return typeof challenge === 'string' && /^[\w-]{43}$/.test(challenge) ? challenge.slice(0, 22) : null
}

/** The entry as the trace is told of it. */
export type Noted = AuditEntry | AuditEntry<Sighting>
