/**
 * The codes of the client's errors, and what a host may do about each.
 *
 * @see docs/errors.md, and `error-texts.ts`: what each means
 * @see RFC 6749 section 5.2: what a server's own codes say
 * @module
 */
import type { TEXTS } from './error-texts.ts'

/** The closed union of reasons. Switch over it. */
export type SallyportErrorCode = keyof typeof TEXTS

type Codes = readonly SallyportErrorCode[]

/** A person has to act: sign in, consent, or give a client id. */
export const INTERACTIVE: Codes = [
  'authorization_required',
  'insufficient_scope',
  'registration_unavailable',
  'flow_unknown',
  'flow_expired',
  'authorization_denied',
  'invalid_grant',
  'invalid_client',
  'identity_rejected',
  'interaction_unavailable',
  'interaction_failed',
  'too_many_attempts',
]

/** The same call may work later, with nothing changed. */
export const RETRYABLE: Codes = [
  'network_error',
  'timeout',
  'server_unavailable',
  'refresh_unavailable',
  'port_in_use',
  'body_not_replayable',
  'store_busy',
]

/** The credential or the client registration that was used is dead. */
export const FINAL: Codes = ['invalid_grant', 'invalid_client']
