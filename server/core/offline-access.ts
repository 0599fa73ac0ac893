/**
 * `offline_access` asks for a refresh token. It is no permission at any resource: it is accepted, listed in the server's metadata, and
 * never granted as a scope. Whether a refresh token is issued follows the client's grant types.
 *
 * @see OpenID Connect Core 1.0 section 11
 * @see MCP 2026-07-28, authorization, "Refresh Tokens"
 * @module
 */

export const OFFLINE_ACCESS = 'offline_access'

/** The scopes of a resource in a request: everything but `offline_access`. */
export const withoutOfflineAccess = (scopes: readonly string[]): readonly string[] =>
  scopes.filter((scope) => scope !== OFFLINE_ACCESS)
