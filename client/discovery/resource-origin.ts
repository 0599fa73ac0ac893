/**
 * Servers of MCP's first authorization specification, which say nothing about themselves: the resource's origin is their authorization
 * server, and its endpoints have fixed paths. For `compat.authorizeAtOrigin` only.
 *
 * @see MCP 2025-03-26, authorization, "Server Metadata Discovery" and "Fallbacks for Servers without Metadata Discovery"
 * @see docs/adr/0169-servers-without-resource-metadata.md
 * @module
 */

import type { ForeignResourceMetadata } from '../../shared/foreign-resource-metadata.ts'
import type { ForeignServerMetadata } from '../../shared/foreign-server-metadata.ts'
import type { ClientContext } from '../context.ts'

/** In place of the metadata that no location has. */
export const metadataOfOrigin = ({ resource }: ClientContext): ForeignResourceMetadata => ({
  resource,
  authorization_servers: [new URL(resource).origin],
})

/** In place of the metadata that the origin does not publish either; `undefined` for any other issuer. PKCE was required of all. */
export function endpointsOfOrigin(
  { resource, compat }: ClientContext,
  issuer: string,
): ForeignServerMetadata | undefined {
  if (compat.authorizeAtOrigin !== true || issuer !== new URL(resource).origin) return undefined
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    registration_endpoint: `${issuer}/register`,
    code_challenge_methods_supported: ['S256'],
  }
}
