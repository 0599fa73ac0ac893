/**
 * Where people are sent without having seen a page. Anybody can publish a document that names any address, so that this server's good name
 * would lead there by an error: of clients that publish one only addresses count that anybody may register, and those that the
 * person has agreed to.
 *
 * @see RFC 9700 section 4.11.2: the authorization server as an open redirector
 * @see docs/adr/0043-approved-redirects.md
 * @module
 */
import { isSameClient } from '../consent-digest.ts'
import type { Dependencies } from '../dependencies.ts'
import { isLocalOrApproved } from '../registration/approved-redirect.ts'
import type { Reason } from '../rejection.ts'
import { errorRedirect } from './redirect.ts'
import type { RedirectableRequest } from './redirectable-request.ts'
import type { ErrorRedirect } from './request.ts'

/** How the client is told of an error: at once, or when the person has seen where that leads. `userId`: who is signed in; null: nobody. */
export async function tellClient(
  request: RedirectableRequest,
  reason: Reason,
  userId: string | null,
  deps: Dependencies,
): Promise<ErrorRedirect> {
  const location = errorRedirect(request, reason, deps.settings.issuer)
  if (await isKnownTarget(request, userId, deps)) return { kind: 'redirect', location }
  return { kind: 'page_before_redirect', redirectUri: request.redirectUri, rejection: { reason }, location }
}

async function isKnownTarget(
  { client, redirectUri }: RedirectableRequest,
  userId: string | null,
  { settings, store, hash }: Dependencies,
): Promise<boolean> {
  // Of the others an administrator decided what they may register.
  if (client.origin !== 'document' || isLocalOrApproved(redirectUri, settings.registration.approvedRedirects))
    return true
  if (userId === null) return false
  for (const { identifier } of await store.resources.list()) {
    const consent = await store.consents.find(userId, client.id, identifier)
    if (consent !== null && (await isSameClient(consent, client, hash))) return true
  }
  return false
}
