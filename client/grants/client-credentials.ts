/**
 * The `client_credentials` grant, for an agent that acts for itself.
 *
 * @see RFC 6749 section 4.4
 * @see MCP OAuth client credentials extension: pre-registered, with a key or a secret
 * @module
 */
import { formatScope, parseScope } from '../../shared/scope.ts'
import { defineGrant } from './define-grant.ts'
import type { GrantType } from './grant-type.ts'

/** What to ask for. */
export interface ClientCredentialsOptions {
  /** Where the resource's challenge names none. Default: the session's `scope`, else what the resource's metadata lists. */
  readonly scope?: string | readonly string[]
}

/**
 * Tokens for the client itself. Needs `client.id` with a secret or key (and the `issuer` that they belong to), or `client.metadataUrl` with
 * a key; nothing is registered on the fly.
 *
 * @example
 * createSession(url, {
 *   grant: clientCredentials({ scope: 'tickets:read' }),
 *   client: { id: 'agent-7', issuer: 'https://as.example.com', auth: privateKeyJwt(jwk) },
 * })
 */
export function clientCredentials({ scope }: ClientCredentialsOptions = {}): GrantType {
  return defineGrant({
    name: 'client_credentials',
    unattended: true,
    ...(scope !== undefined && { scope: typeof scope === 'string' ? parseScope(scope) : scope }),
    obtain: ({ token, scope: asked }) =>
      token({ grant_type: 'client_credentials', scope: asked.length === 0 ? undefined : formatScope(asked) }),
  })
}
