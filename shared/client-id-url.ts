/**
 * Client ids that are URLs: each names the document that describes the client.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 3: client identifier
 * @see docs/adr/0118-which-urls-are-client-ids.md
 * @module
 */
import { err, type Result } from './result.ts'
import { checkUrl, type UrlProblem } from './url-policy.ts'

export type ClientIdProblem = UrlProblem | 'too_long' | 'has_query' | 'not_canonical'

const MAX_LENGTH = 1024

/** Whether an id claims to be one. Ids that a server makes never begin so (section 7.1). */
export const looksLikeUrl = (clientId: string): boolean => /^https?:/i.test(clientId)

/**
 * Judges a client id: https, a path, no query, no fragment, no user information, no dot segments, and the one spelling that URL parsers
 * leave as it is, so that no two ids are the same URL. `near`: a URL on loopback admits loopback beside it, for development.
 *
 * @example checkClientIdUrl('https://app.example/client.json')
 */
export function checkClientIdUrl(clientId: string, near?: string): Result<URL, ClientIdProblem> {
  if (clientId.length > MAX_LENGTH) return err('too_long')
  const url = checkUrl(clientId, near)
  if (!url.ok) return url
  if (clientId.includes('?')) return err('has_query')
  // A missing path, dot segments in any notation, `:443`, capitals in the host: parsers rewrite all of them.
  return url.value.href === clientId ? url : err('not_canonical')
}
