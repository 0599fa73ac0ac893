/**
 * What becomes of a valid request: the next step for whoever is signed in, and what their answer leads to.
 *
 * @see OpenID Connect Core 1.0 section 3.1.2.4: obtaining consent
 * @module
 */
import { auditEntry } from '../audit.ts'
import { consentDigest, standsFor } from '../consent-digest.ts'
import type { Dependencies } from '../dependencies.ts'
import type { Consent } from '../records.ts'
import { issueCode, type Person } from './issue-code.ts'
import { canRememberConsent, nextStep } from './next-step.ts'
import { errorRedirect } from './redirect.ts'
import type { NextStep, ValidRequest } from './request.ts'
import { tellClient } from './seen-redirect.ts'

/** What comes next, `person` being signed in (null: nobody). Issues the code where nothing is left to ask. */
export async function next(request: ValidRequest, person: Person | null, deps: Dependencies): Promise<NextStep> {
  const userId = person?.userId ?? null
  const step = nextStep(request, userId, await rememberedConsent(request, userId, deps))
  if (typeof step === 'object') {
    const clientId = request.client.id
    deps.audit(auditEntry({ type: 'authorization_rejected', reason: step.refuse, clientId }, deps))
    return tellClient(request, step.refuse, userId, deps)
  }
  if (step !== 'issue' || person === null) return { kind: step === 'consent' ? 'consent' : 'sign_in' }
  return { kind: 'redirect', location: (await issueCode(request, person, deps)).location }
}

/** The person agreed: issues the code, and remembers it where that is safe. */
export async function approve(request: ValidRequest, person: Person, deps: Dependencies): Promise<string> {
  const { granted, location } = await issueCode(request, person, deps)
  // In this order: what was agreed to with a session that has ended counts neither now nor the next time.
  if (granted && canRememberConsent(request.client)) await remember(request, person, deps)
  return location
}

async function remember({ client, resource, scopes }: ValidRequest, { userId }: Person, deps: Dependencies) {
  const agreed = { userId, clientId: client.id, resource: resource.identifier, scopes }
  const clientDigest = await consentDigest(client, deps)
  const entry = auditEntry({ type: 'consent_remembered', ...agreed }, deps)
  if (await deps.store.consents.remember({ ...agreed, grantedAt: deps.now(), clientDigest }, entry)) deps.audit(entry)
}

/** The person declined. */
export function deny(request: ValidRequest, userId: string, deps: Dependencies): string {
  const resource = request.resource.identifier
  deps.audit(auditEntry({ type: 'authorization_denied', userId, clientId: request.client.id, resource }, deps))
  return errorRedirect(request, 'denied_by_user', deps.settings.issuer)
}

async function rememberedConsent(
  { client, resource }: ValidRequest,
  userId: string | null,
  deps: Dependencies,
): Promise<Consent | null> {
  const { store, now } = deps
  if (userId === null || !canRememberConsent(client)) return null
  // It counts while something that came from it lives: what the account page does not show must not let anyone in.
  if (!(await store.grants.hasLive(userId, client.id, resource.identifier, now()))) return null
  const consent = await store.consents.find(userId, client.id, resource.identifier)
  // And while the client is what it was, as far as that can be told.
  return consent !== null && (await standsFor(consent, client, deps)) ? consent : null
}
