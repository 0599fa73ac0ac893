/**
 * Finding the protected resource metadata: where the challenge points, then below the path, then at the root.
 *
 * @see MCP 2026-07-28, authorization server discovery: the order
 * @see RFC 9728 section 3.1 (where), section 3.3 (the `resource` must be identical)
 * @module
 */
import { type ForeignResourceMetadata, isForeignResourceMetadata } from '../../shared/foreign-resource-metadata.ts'
import { protectedResourceMetadataUrls } from '../../shared/well-known.ts'
import type { ClientContext } from '../context.ts'
import { SallyportError } from '../errors.ts'
import { withoutQuery } from '../events.ts'
import { isParentResource, isSameResource } from '../resource-url.ts'
import { fetchMetadata } from './fetch-metadata.ts'
import { metadataOfOrigin } from './resource-origin.ts'

export interface FoundResourceMetadata {
  readonly url: string
  readonly metadata: ForeignResourceMetadata
  readonly freshUntil: number
}

/**
 * Reads the resource's metadata. There is no further fallback: an MCP server without metadata is not taken for its own
 * authorization server, unless `compat` says so.
 *
 * @throws {SallyportError} `resource_metadata_not_found`, `resource_mismatch`, `url_refused`, and as `fetchMetadata`
 */
export async function findResourceMetadata(
  context: ClientContext,
  hint: string | undefined,
  signal?: AbortSignal,
): Promise<FoundResourceMetadata> {
  for (const { url, resource } of candidates(context.resource, hint)) {
    const found = await fetchMetadata(context, isForeignResourceMetadata, { purpose: 'resource_metadata', url, signal })
    if (found === undefined) continue
    if (!isExpected(context, resource, found.document.resource)) {
      throw new SallyportError('resource_mismatch', { url: withoutQuery(url) })
    }
    return { url, metadata: found.document, freshUntil: found.freshUntil }
  }
  if (context.compat.authorizeAtOrigin === true) {
    const [{ url }] = protectedResourceMetadataUrls(context.resource)
    return { url, metadata: metadataOfOrigin(context), freshUntil: context.now() }
  }
  throw new SallyportError('resource_metadata_not_found')
}

function candidates(resource: string, hint: string | undefined): readonly { url: string; resource: string }[] {
  const wellKnown = protectedResourceMetadataUrls(resource)
  if (hint === undefined) return wellKnown
  // Another host may not speak for this one, even if this one asks for it: the hint is not authenticated.
  if (URL.parse(hint)?.origin !== new URL(resource).origin) {
    throw new SallyportError('url_refused', { url: withoutQuery(hint) })
  }
  return [{ url: hint, resource }, ...wellKnown.filter(({ url }) => url !== hint)]
}

function isExpected({ resource: own, compat }: ClientContext, expected: string, declared: string): boolean {
  if (isSameResource(expected, declared)) return true
  return compat.acceptParentResource === true && isParentResource(own, declared)
}
