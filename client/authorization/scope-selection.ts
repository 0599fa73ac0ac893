/**
 * Which scopes to ask for.
 *
 * @see MCP 2026-07-28, authorization, "Scope Selection": challenge, else all of the metadata's, else none
 * @see MCP 2026-07-28, authorization, "Step-Up": the union of what was requested and what is challenged
 * @module
 */
import { unionScopes } from '../../shared/scope.ts'
import type { Discovery } from '../discovery/discovery.ts'
import type { Credential } from '../token/credential.ts'

export interface ScopeSources {
  /** Asked for by this very call. */
  readonly wanted: readonly string[]
  /** From the last 401 or 403. `undefined`: it named none. */
  readonly challenged: readonly string[] | undefined
  /** From the session's options. */
  readonly configured: readonly string[]
  readonly discovery: Discovery
  /** What is held now, if anything. */
  readonly credential: Credential | undefined
  /** A person grants it, so that it makes sense to go on without them. */
  readonly attended: boolean
}

/** The scopes of the authorization request; empty: leave the parameter out. */
export function selectScope(sources: ScopeSources): readonly string[] {
  const { wanted, challenged, configured, discovery, credential, attended } = sources
  // The challenge is about the present operation only; what was had before must not get lost by asking for more.
  const known = unionScopes(credential?.requestedScope ?? [], credential?.scope ?? [], challenged ?? [], wanted)
  const initial = configured.length > 0 ? configured : (discovery.resourceMetadata.scopes_supported ?? [])
  const scope = known.length > 0 ? known : initial
  const offered = attended && discovery.serverMetadata.scopes_supported?.includes('offline_access') === true
  const asked = scope.filter((token) => token !== 'offline_access' || offered)
  // Alone it would turn "the server's default scopes" into "nothing but offline access".
  return offered && asked.length > 0 ? unionScopes(asked, ['offline_access']) : asked
}
