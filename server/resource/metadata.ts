/**
 * What a protected resource publishes about itself, and where.
 *
 * @see RFC 9728 section 2 (members), section 3.1 (location), section 3.2 (members without a value are omitted)
 * @module
 */
import type { ProtectedResourceMetadata } from '../../shared/protected-resource-metadata.ts'
import { insertWellKnown, OAUTH_PROTECTED_RESOURCE } from '../../shared/well-known.ts'
import type { ResourceSettings } from './resource-options.ts'

/** The document. Identifiers stand in it byte for byte as configured: clients compare without normalising. */
export function resourceMetadata(settings: ResourceSettings): ProtectedResourceMetadata {
  const { authorizationServers, dpop, resource, resourceDocumentation, resourceName, scopes } = settings
  return {
    resource,
    authorization_servers: [...authorizationServers],
    ...(scopes.length === 0 ? {} : { scopes_supported: [...scopes] }),
    bearer_methods_supported: ['header'],
    dpop_signing_alg_values_supported: [...dpop.algorithms],
    ...(dpop.required ? { dpop_bound_access_tokens_required: true } : {}),
    ...(resourceName === undefined ? {} : { resource_name: resourceName }),
    ...(resourceDocumentation === undefined ? {} : { resource_documentation: resourceDocumentation }),
  }
}

/** The URL that challenges name. */
export function resourceMetadataUrl(resource: string): string {
  return insertWellKnown(resource, OAUTH_PROTECTED_RESOURCE)
}

/** The paths on the resource's host: the path-inserted one, and the root one unless that is switched off. */
export function resourceMetadataPaths({ resource, rootMetadata }: ResourceSettings): readonly string[] {
  const inserted = new URL(resourceMetadataUrl(resource)).pathname
  return rootMetadata ? [...new Set([inserted, OAUTH_PROTECTED_RESOURCE])] : [inserted]
}
