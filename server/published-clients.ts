/**
 * Clients that publish what they are, as far as the settings let them in.
 *
 * @see docs/adr/0118-which-urls-are-client-ids.md
 * @module
 */
import type { Settings } from './config.ts'
import { type ClientDocuments, createClientDocuments } from './core/client-documents/client-documents.ts'
import type { ClientDocumentSettings } from './core/client-documents/policy.ts'
import type { Outbound } from './core/outbound.ts'
import type { Clock, Store } from './core/ports.ts'
import { hash } from './store/hash.ts'

/** Undefined: no URL is a client id here. */
export function publishedClients(
  settings: Settings,
  {
    store,
    outbound,
    now,
  }: { readonly store: Pick<Store, 'clientDocuments'>; readonly outbound: Outbound; readonly now: Clock },
): ClientDocuments | undefined {
  if (!settings.cimd.enabled) return undefined
  return createClientDocuments({
    settings: toClientDocumentSettings(settings),
    documents: store.clientDocuments,
    outbound,
    hash,
    now,
  })
}

export const toClientDocumentSettings = ({
  dev,
  cimd,
  registration,
}: Pick<Settings, 'dev' | 'cimd' | 'registration'>): ClientDocumentSettings => ({
  development: dev,
  requireHttps: cimd.require_https,
  allowedDomains: cimd.allowed_domains,
  blockedDomains: cimd.blocked_domains,
  // An operator who registers every client lets nobody in by default; domains that they name are let in.
  pinnedOnly: registration.mode === 'admin_only' && cimd.allowed_domains.length === 0,
})
