/**
 * The resource's URL: how it is written, when a document's `resource` is the same, and which requests belong to it.
 *
 * @see MCP 2026-07-28, authorization, "Canonical Server URI"
 * @see RFC 9728 section 3.3: the `resource` in the metadata must be identical
 * @module
 */
import { checkUrl } from '../shared/url-policy.ts'
import type { ClientContext } from './context.ts'
import type { Discovery } from './discovery/discovery.ts'
import { misconfigured } from './errors.ts'

/**
 * Scheme and host in lower case, the rest untouched: a slash at the end may be significant.
 *
 * @throws {SallyportError} `configuration` unless it is https (or http on loopback), without fragment and user information
 */
export function resourceUrl(input: string | URL): string {
  // `URL` gives a bare origin a slash that nobody wrote, and that some servers refuse.
  const text = typeof input === 'string' ? input : withoutBareSlash(input.href)
  const url = checkUrl(text, text)
  if (!url.ok) throw misconfigured('the resource is https, or http on loopback, without fragment and user information')
  return url.value.origin + text.replace(/^[^/]+\/\/[^/?]*/, '')
}

/** Identical. A bare origin with and without its slash is the same request, and so the same identifier. */
export function isSameResource(expected: string, declared: string): boolean {
  return withoutBareSlash(expected) === withoutBareSlash(declared)
}

/** Whether `declared` is `expected` or a parent of it. For `compat.acceptParentResource` only. */
export function isParentResource(expected: string, declared: string): boolean {
  const parent = URL.parse(declared)
  return parent !== null && parent.search === '' && covers(declared, new URL(expected))
}

/** Whether a request belongs to the resource: same origin, and a path at or below the resource's path. */
export function covers(resource: string, url: URL): boolean {
  const own = new URL(resource)
  if (own.origin !== url.origin) return false
  const prefix = own.pathname.replace(/\/$/, '')
  return url.pathname === prefix || url.pathname.startsWith(`${prefix}/`)
}

/** A URL that is nothing but an origin, without its slash; any other as it is. */
const withoutBareSlash = (url: string): string => url.replace(/^([a-z]+:\/\/[^/?#]+)\/$/, '$1')

/** The `resource` to send: the metadata's own string, byte for byte. A slash more or less is another resource to some servers. */
export function wireResource({ compat }: ClientContext, { resourceMetadata }: Discovery): string | undefined {
  if (compat.resourceParameter === 'omit') return undefined
  return compat.resourceParameter ?? resourceMetadata.resource
}
