/**
 * Sessions for hosts whose MCP SDK wants an `authProvider`. Nothing of an SDK is needed here: the types fit by their shape.
 *
 * @module
 */
export { type AuthProvider, asAuthProvider } from './as-auth-provider.ts'
export { asOAuthProvider, type OAuthProvider } from './as-oauth-provider.ts'
export type { DiscoveryState } from './discovery-state.ts'
export type { OAuthHost } from './sdk-flow.ts'
