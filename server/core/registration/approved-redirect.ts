/**
 * To which redirect URIs anybody may have people sent: those on this machine, and those that an operator approved.
 *
 * @see docs/adr/0043-approved-redirects.md
 * @module
 */
import { classifyRedirectUri } from '../../../shared/redirect-uri.ts'

/** Nobody needs to have looked at a client whose redirect URIs are such. */
export function isLocalOrApproved(uri: string, approved: readonly string[]): boolean {
  const kind = classifyRedirectUri(uri)
  return (kind.ok && kind.value === 'loopback') || isApprovedRedirect(uri, approved)
}

/**
 * The same string as an entry; or, for an entry whose last path segment is `*`, the same string but for that one segment, which then is
 * letters, digits, `-` and `_` only. What is registered, and later compared, is always the complete URI.
 *
 * @example isApprovedRedirect('https://h/cb/abc', ['https://h/cb/*']) // true
 */
export function isApprovedRedirect(uri: string, approved: readonly string[]): boolean {
  return approved.some((entry) => {
    if (!entry.endsWith('/*')) return entry === uri
    const prefix = entry.slice(0, -1)
    return uri.startsWith(prefix) && /^[A-Za-z0-9_-]+$/.test(uri.slice(prefix.length))
  })
}
