/**
 * Which URLs are client ids here: those of the right form, at the domains that the operator lets in.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 3 (form), section 8.9 (trust in domains)
 * @see docs/adr/0118-which-urls-are-client-ids.md
 * @module
 */
import { checkClientIdUrl } from '../../../shared/client-id-url.ts'
import { ok, type Result } from '../../../shared/result.ts'
import { type Rejection, reject } from '../rejection.ts'

/** What the operator decides. */
export interface ClientDocumentSettings {
  /** Loopback, in development: URLs there are client ids too. */
  readonly development: boolean
  /** False: on loopback http will do. */
  readonly requireHttps: boolean
  /** Host names, and `*.example.com` for all names below one. Empty: all are let in that are not blocked. */
  readonly allowedDomains: readonly string[]
  /** The same. Wins over what is allowed. */
  readonly blockedDomains: readonly string[]
  /** Whether documents are asked for at all, or only those count that an administrator pinned. */
  readonly pinnedOnly: boolean
}

/** Whether the URL can be a client id here, whatever is found there. */
export function checkClientId(clientId: string, settings: ClientDocumentSettings): Result<URL, Rejection> {
  const url = checkClientIdUrl(clientId, settings.development ? 'http://localhost' : undefined)
  if (!url.ok) return reject('bad_client_id')
  const { protocol, hostname } = url.value
  if (protocol !== 'https:' && settings.requireHttps) return reject('bad_client_id')
  const { allowedDomains, blockedDomains } = settings
  const allowed = allowedDomains.length === 0 || isAmong(hostname, allowedDomains)
  return allowed && !isAmong(hostname, blockedDomains) ? ok(url.value) : reject('client_domain_not_allowed')
}

/** A dot at the end of a name changes nothing about whose it is. */
function isAmong(hostname: string, domains: readonly string[]): boolean {
  const name = hostname.replace(/\.$/, '')
  return domains.some((domain) => {
    const wanted = domain.toLowerCase()
    return wanted.startsWith('*.') ? name.endsWith(wanted.slice(1)) : name === wanted
  })
}
