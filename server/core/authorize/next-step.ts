/**
 * What comes next for a valid request: signing in, asking for consent, refusing silently, or issuing the code.
 *
 * @see OpenID Connect Core 1.0 section 3.1.2.1 (`prompt`) and section 3.1.2.6 (its errors)
 * @see OAuth 2.1 section 7.3 (draft-ietf-oauth-v2-1-16): clients that cannot prove who they are are asked for each time
 * @module
 */

import { includesScopes } from '../../../shared/scope.ts'
import { isConfidential } from '../client-auth/is-confidential.ts'
import type { Client, Consent } from '../records.ts'
import type { Reason } from '../rejection.ts'
import type { ValidRequest } from './request.ts'

export type Step =
  | 'sign_in'
  | 'consent'
  | 'issue'
  | { readonly refuse: Extract<Reason, 'login_required' | 'consent_required'> }

/** Whether an earlier consent may stand for a new request. Anyone can use the id of a public client, so there it may not. */
export const canRememberConsent = (client: Client): boolean => isConfidential(client)

export function nextStep(request: ValidRequest, userId: string | null, remembered: Consent | null): Step {
  const silent = request.prompts.includes('none')
  if (userId === null || request.prompts.includes('login')) return silent ? { refuse: 'login_required' } : 'sign_in'
  const agreed =
    !request.prompts.includes('consent') &&
    canRememberConsent(request.client) &&
    remembered !== null &&
    includesScopes(remembered.scopes, request.scopes)
  if (agreed) return 'issue'
  return silent ? { refuse: 'consent_required' } : 'consent'
}
