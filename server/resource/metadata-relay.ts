/**
 * The authorization server's metadata on the MCP host, for hosts of the 2025-03-26 revision, which look nowhere else.
 *
 * @see MCP 2025-03-26, authorization, server metadata discovery: the MCP server's own origin
 * @see RFC 8414 section 3.1
 * @module
 */
import {
  authorizationServerMetadataUrls,
  OAUTH_AUTHORIZATION_SERVER,
  OPENID_CONFIGURATION,
} from '../../shared/well-known.ts'
import type { AuthorizationServer } from './authorization-server.ts'
import { unavailableResponse } from './challenge.ts'
import type { ResourceSettings } from './resource-options.ts'
import { documentResponse, notFoundResponse } from './well-known-response.ts'

/** Every path where a host may look, except those where an authorization server on the same origin answers for itself. */
export function relayPaths(settings: ResourceSettings): readonly string[] {
  const { authorizationServers, relayAuthorizationServerMetadata, resource } = settings
  if (!relayAuthorizationServerMetadata) return []
  const { origin } = new URL(resource)
  const wanted = [
    `${origin}${OAUTH_AUTHORIZATION_SERVER}`,
    `${origin}${OPENID_CONFIGURATION}`,
    ...authorizationServerMetadataUrls(`${origin}${new URL(resource).pathname}`),
  ]
  const taken = authorizationServers.flatMap(authorizationServerMetadataUrls)
  return [...new Set(wanted)].filter((url) => !taken.includes(url)).map((url) => new URL(url).pathname)
}

/** The document as the server gave it, its `issuer` included: hosts that check it look at the server itself. */
export async function relayResponse(server: AuthorizationServer): Promise<Response> {
  try {
    const metadata = await server.metadata()
    return metadata === null ? notFoundResponse() : documentResponse(metadata)
  } catch {
    return unavailableResponse()
  }
}
