/**
 * Who the client is at one authorization server.
 *
 * @see MCP 2026-07-28, authorization server binding: identity and issuer belong together
 * @module
 */
import type { KnownAuthMethod } from '../token/client-authentication.ts'
import type { ClientKey } from '../token/private-key-jwt.ts'

/** `source` decides what happens when the server does not know the client any more. */
export interface ClientIdentity {
  readonly source: 'pre-registered' | 'document' | 'dynamic'
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret?: string | undefined
  /** `undefined`: choose by the server's metadata. */
  readonly authMethod: KnownAuthMethod | undefined
  /** Goes before a secret. */
  readonly key?: ClientKey | undefined
}
