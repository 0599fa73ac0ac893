/**
 * What a session discovered, as the SDKs keep it: with it they ask nobody themselves.
 *
 * @see https://github.com/modelcontextprotocol/typescript-sdk: `OAuthDiscoveryState`
 * @module
 */
import { isStrings } from '../../shared/guard.ts'
import type { Discovery } from '../discovery/discovery.ts'

/** `OAuthDiscoveryState` of both generations, as far as they read it. */
export interface DiscoveryState {
  readonly authorizationServerUrl: string
  readonly resourceMetadataUrl: string
  readonly resourceMetadata: { resource: string; authorization_servers: string[] }
  readonly authorizationServerMetadata: {
    issuer: string
    authorization_endpoint: string
    token_endpoint: string
    response_types_supported: string[]
  }
}

/** All members of both documents are in it, whatever the type says. */
export function toDiscoveryState(
  discovery: Pick<Discovery, 'issuer' | 'resourceMetadataUrl' | 'resourceMetadata' | 'serverMetadata'>,
): DiscoveryState {
  const { issuer, resourceMetadataUrl, resourceMetadata, serverMetadata } = discovery
  const { response_types_supported: responseTypes } = serverMetadata
  return {
    authorizationServerUrl: issuer,
    resourceMetadataUrl,
    resourceMetadata,
    authorizationServerMetadata: {
      ...serverMetadata,
      // A grant without a person needs no such endpoint; the SDKs want to see one.
      authorization_endpoint: serverMetadata.authorization_endpoint ?? issuer,
      response_types_supported: isStrings(responseTypes) ? responseTypes : ['code'],
    },
  }
}
