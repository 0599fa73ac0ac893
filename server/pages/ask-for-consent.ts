/**
 * The consent page for a request, with what is known of the client now.
 *
 * @module
 */
import { looksLikeUrl } from '../../shared/client-id-url.ts'
import { auditEntry } from '../core/audit.ts'
import type { ValidRequest } from '../core/authorize/request.ts'
import { clientDigest } from '../core/client-digest.ts'
import { consentPage } from './consent-page.ts'
import type { PagesContext } from './context.ts'
import { pageResponse } from './respond.ts'
import type { SignedIn } from './visitor.ts'

export interface ConsentQuestion {
  readonly request: ValidRequest
  /** The request as it came. */
  readonly query: string
  readonly visitor: SignedIn
  /** Whether they have agreed to something that has changed since. */
  readonly changed?: boolean
}

export async function askForConsent(
  { request, query, visitor, changed = false }: ConsentQuestion,
  ctx: PagesContext,
): Promise<Response> {
  const { csrf, user } = visitor
  const { client, resource } = request
  const asked = { type: 'consent_asked', clientId: client.id, resource: resource.identifier } as const
  ctx.trace(auditEntry(asked, ctx))
  const digest = await clientDigest(client, ctx.hash)
  const logo = looksLikeUrl(client.id) ? ((await ctx.store.clientDocuments.find(client.id))?.logo ?? null) : null
  return pageResponse(consentPage({ csrf, user, request, query, digest, logo, changed }, ctx), { leadsElsewhere: true })
}
