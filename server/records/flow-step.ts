/**
 * Which step of an attempt an event is.
 *
 * @module
 */
import type { FlowStep, Noted } from '../core/flow.ts'

type Meaning = Pick<FlowStep, 'step' | 'outcome'>

const MEANINGS: Readonly<Partial<Record<Noted['event']['type'], Meaning>>> = {
  metadata_read: { step: 'discovery', outcome: 'done' },
  client_registered: { step: 'registration', outcome: 'done' },
  registration_rejected: { step: 'registration', outcome: 'refused' },
  client_document_rejected: { step: 'registration', outcome: 'refused' },
  authorization_rejected: { step: 'authorize', outcome: 'refused' },
  sign_in_asked: { step: 'sign_in', outcome: 'asked' },
  sign_in: { step: 'sign_in', outcome: 'done' },
  sign_in_failed: { step: 'sign_in', outcome: 'refused' },
  consent_asked: { step: 'consent', outcome: 'asked' },
  authorization_denied: { step: 'consent', outcome: 'refused' },
  authorization_granted: { step: 'code', outcome: 'done' },
  token_issued: { step: 'token', outcome: 'done' },
  token_rejected: { step: 'token', outcome: 'refused' },
  resource_called: { step: 'first_call', outcome: 'done' },
}

/** Where the application talks itself, not the person's browser. */
const BY_APPLICATION: readonly string[] = ['discovery', 'registration', 'token']

/** Null: none. */
export function toFlowStep({ event, at, requestId, attempt, claimed, from }: Noted): FlowStep | null {
  const meaning = MEANINGS[event.type]
  if (meaning === undefined) return null
  const { reason, clientId, resource, grantId }: Members = event
  // Signing in to look at one's account is no attempt of an application.
  if (meaning.step === 'sign_in' && attempt == null) return null
  return {
    ...meaning,
    at,
    requestId,
    reason: reason ?? (event.type === 'authorization_denied' ? 'denied_by_user' : null),
    clientId: clientId ?? harmless(claimed),
    resource: resource ?? null,
    attempt: attempt ?? null,
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
}

/** What somebody wrote into the place of a client id, if it looks like one. People mix it up with the secret, and ours are longer. */
const harmless = (claimed: string | undefined): string | null =>
  claimed !== undefined && /^(?:[\w.~-]{1,36}|https?:\/\/[\w.~:/%-]{1,200})$/.test(claimed) ? claimed : null
