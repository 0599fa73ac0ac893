/**
 * One configured authorization server, as a resource sees it: its metadata and its keys.
 *
 * @see RFC 8414 section 2: `jwks_uri`
 * @module
 */
import type { AuthorizationServerMetadata } from '../../shared/authorization-server-metadata.ts'
import { type Remembering, remember } from '../../shared/remember.ts'
import { discoverIssuer } from './discover-issuer.ts'
import { createKeyFinder, type KeyFinder, keySetUrl } from './jwks.ts'
import type { ResourceSettings } from './resource-options.ts'

export interface AuthorizationServer {
  readonly issuer: string
  /** The metadata, or `null` when the server has none. Rejects when the server cannot be asked. */
  metadata(): Promise<AuthorizationServerMetadata | null>
  readonly keys: KeyFinder
}

/** Nothing is fetched before it is needed, so a resource may start before its authorization server. */
export function createAuthorizationServer(issuer: string, settings: ResourceSettings): AuthorizationServer {
  const { jwksUri, now, report } = settings
  const rules: Remembering = {
    now,
    maxAge: 600,
    maxStale: 3600,
    cooldown: 30,
    retryDelay: RETRY_DELAY,
    onFailure: (cause) => report({ type: 'authorization_server_trouble', issuer, cause }),
  }
  const discovered = remember(() => discoverIssuer(issuer, settings), rules)
  const locate = async (): Promise<string> => jwksUri ?? keySetUrl(issuer, (await discovered.current())?.jwks_uri)
  return { issuer, metadata: () => discovered.current(), keys: createKeyFinder(locate, settings, rules) }
}

/** How long after a failure the server is left alone, in seconds. Callers are told to wait as long. */
export const RETRY_DELAY = 5
