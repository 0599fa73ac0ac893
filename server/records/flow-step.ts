/**
 * Which step of an attempt an event is.
 *
 * @module
 */
import { JWT_BEARER_GRANT, TOKEN_EXCHANGE_GRANT } from '../../shared/grant-names.ts'
import { CLAIMED, type ProgramGrant } from '../core/claimed.ts'
import type { FlowStep, Noted } from '../core/flow.ts'
import type { Voucher } from '../core/rejection.ts'
import { nameOfVoucher } from './as-recorded.ts'

type Meaning = Pick<FlowStep, 'step' | 'outcome'>

const MEANINGS: Readonly<Partial<Record<Noted['event']['type'], Meaning>>> = {
  metadata_read: { step: 'discovery', outcome: 'done' },
  client_registered: { step: 'registration', outcome: 'done' },
  registration_rejected: { step: 'registration', outcome: 'refused' },
  client_document_rejected: { step: 'registration', outcome: 'refused' },
  authorization_accepted: { step: 'authorize', outcome: 'done' },
  authorization_rejected: { step: 'authorize', outcome: 'refused' },
  sign_in_asked: { step: 'sign_in', outcome: 'asked' },
  sign_in: { step: 'sign_in', outcome: 'done' },
  sign_in_rejected: { step: 'sign_in', outcome: 'refused' },
  sign_in_failed: { step: 'sign_in', outcome: 'refused' },
  consent_asked: { step: 'consent', outcome: 'asked' },
  consent_rejected: { step: 'consent', outcome: 'refused' },
  authorization_denied: { step: 'consent', outcome: 'refused' },
  authorization_granted: { step: 'code', outcome: 'done' },
  token_issued: { step: 'token', outcome: 'done' },
  assertion_redeemed: { step: 'assertion', outcome: 'done' },
  token_rejected: { step: 'token', outcome: 'refused' },
  resource_called: { step: 'first_call', outcome: 'done' },
  resource_refused: { step: 'first_call', outcome: 'refused' },
}

/** What a refused token request was about, where it was not a step of a person's attempt. */
const BY_PROGRAM: Readonly<Record<ProgramGrant, FlowStep['step']>> = {
  [JWT_BEARER_GRANT]: 'assertion',
  [TOKEN_EXCHANGE_GRANT]: 'exchange',
}

/** Where the application talks itself, not the person's browser. */
const BY_APPLICATION: readonly string[] = ['discovery', 'registration', 'assertion', 'token', 'exchange']

/** Null: none. What is claimed is in the form in which it may be written down. */
export function toFlowStep({ event, at, requestId, attempt, claimed, from }: Noted): FlowStep | null {
  const known = MEANINGS[event.type]
  if (known === undefined) return null
  // Only a token request has a grant type: of any other that says one it is a parameter like those that nobody knows.
  const grantType = event.type === 'token_rejected' ? claimed?.grantType : undefined
  const meaning = grantType === undefined ? known : { ...known, step: BY_PROGRAM[grantType] }
  const { reason, clientId, resource, grantId, assertion }: Members = event
  // Signing in to look at one's account is no attempt of an application.
  if (meaning.step === 'sign_in' && attempt == null) return null
  return {
    ...meaning,
    at,
    requestId,
    reason: reason ?? (event.type === 'authorization_denied' ? 'denied_by_user' : null),
    clientId: clientId ?? claimed?.clientId ?? null,
    resource: resource ?? (claimed?.resource === undefined ? null : `${CLAIMED}${claimed.resource}`),
    attempt: attempt ?? (assertion === undefined ? null : nameOfVoucher(assertion)),
    grantId: grantId ?? null,
    address: BY_APPLICATION.includes(meaning.step) ? (from?.() ?? null) : null,
  }
}

/** Members that an event may have. */
interface Members {
  readonly type: string
  readonly reason?: string
  readonly clientId?: string
  readonly resource?: string
  readonly grantId?: string | null
  readonly assertion?: Voucher
}
