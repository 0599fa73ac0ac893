/**
 * Reading an authorization server's metadata, and refusing what cannot be used safely.
 *
 * @see RFC 8414 section 3.1 (where), section 3.3 (`issuer` must be identical)
 * @see OpenID Connect Discovery 1.0 section 4: the other name of the document
 * @see MCP 2026-07-28, security considerations: no PKCE in the metadata, no authorization
 * @module
 */
import { type ForeignServerMetadata, isForeignServerMetadata } from '../../shared/foreign-server-metadata.ts'
import { checkUrl } from '../../shared/url-policy.ts'
import { authorizationServerMetadataUrls } from '../../shared/well-known.ts'
import type { ClientContext } from '../context.ts'
import { SallyportError } from '../errors.ts'
import { withoutQuery } from '../events.ts'
import type { ValidatedServerMetadata } from './discovery.ts'
import { fetchMetadata } from './fetch-metadata.ts'
import { endpointsOfOrigin } from './resource-origin.ts'

/**
 * Reads and checks the metadata of `issuer`.
 *
 * @throws {SallyportError} `server_metadata_not_found`, `issuer_mismatch`, `pkce_unsupported`, `endpoint_missing`, `url_refused`,
 *   and as `fetchMetadata`
 */
export async function readServerMetadata(
  context: ClientContext,
  issuer: string,
  signal?: AbortSignal,
): Promise<{ readonly metadata: ValidatedServerMetadata; readonly freshUntil: number }> {
  const identifier = checkUrl(issuer, context.resource)
  // RFC 8414 section 2: an issuer has no query.
  if (!identifier.ok || identifier.value.search !== '') {
    throw new SallyportError('url_refused', { url: withoutQuery(issuer) })
  }
  for (const url of authorizationServerMetadataUrls(issuer)) {
    const request = { purpose: 'server_metadata', url, signal } as const
    const found = await fetchMetadata(context, isForeignServerMetadata, request)
    if (found === undefined) continue
    const metadata = validate(found.document, issuer, context.resource, url)
    // Who needs no person needs neither; a server for machines may well lack both.
    if (context.grant === undefined) codeFlowEndpoint(metadata)
    return { metadata, freshUntil: found.freshUntil }
  }
  const fixed = endpointsOfOrigin(context, issuer)
  if (fixed !== undefined) {
    return { metadata: validate(fixed, issuer, context.resource, issuer), freshUntil: context.now() }
  }
  throw new SallyportError('server_metadata_not_found', { url: withoutQuery(issuer) })
}

function validate(
  metadata: ForeignServerMetadata,
  issuer: string,
  resource: string,
  foundAt: string,
): ValidatedServerMetadata {
  const url = withoutQuery(foundAt)
  // Not "try the next place": a wrong issuer is an attack or a broken server, and neither gets better there.
  if (metadata.issuer !== issuer) throw new SallyportError('issuer_mismatch', { url })
  const { authorization_endpoint, token_endpoint, registration_endpoint, revocation_endpoint } = metadata
  if (token_endpoint === undefined) throw new SallyportError('endpoint_missing', { url })
  for (const endpoint of [authorization_endpoint, token_endpoint, registration_endpoint, revocation_endpoint]) {
    if (endpoint !== undefined && !checkUrl(endpoint, resource).ok) {
      throw new SallyportError('url_refused', { url: withoutQuery(endpoint) })
    }
  }
  return { ...metadata, token_endpoint }
}

/**
 * Where authorization requests go, at a server that can be used for them safely.
 *
 * @throws {SallyportError} `pkce_unsupported`, `endpoint_missing`
 */
export function codeFlowEndpoint(metadata: ValidatedServerMetadata): string {
  const url = withoutQuery(metadata.issuer)
  if (metadata.code_challenge_methods_supported?.includes('S256') !== true) {
    throw new SallyportError('pkce_unsupported', { url })
  }
  if (metadata.authorization_endpoint === undefined) throw new SallyportError('endpoint_missing', { url })
  return metadata.authorization_endpoint
}
