/**
 * A client id that an administrator of the authorization server handed out.
 *
 * @see MCP 2026-07-28, client registration: pre-registered data come first
 * @see MCP 2026-07-28, authorization server binding: never at another server
 * @module
 */
import type { ClientOptions } from '../context.ts'
import { SallyportError } from '../errors.ts'
import type { ClientIdentity } from './client-identity.ts'

/**
 * The configured identity at `issuer`; `undefined` where none is configured.
 *
 * @throws {SallyportError} `client_issuer_mismatch` where it belongs to another server
 */
export function preRegistered(client: ClientOptions, issuer: string): ClientIdentity | undefined {
  if (client.id === undefined) return undefined
  if (client.issuer !== undefined && client.issuer !== issuer) throw new SallyportError('client_issuer_mismatch')
  return {
    source: 'pre-registered',
    issuer,
    clientId: client.id,
    clientSecret: client.secret,
    authMethod: client.authMethod,
  }
}

/** @throws {SallyportError} `configuration` for a secret without the issuer that it may be shown to */
export function checkClientOptions({ id, secret, issuer }: ClientOptions): void {
  if (secret !== undefined && (id === undefined || issuer === undefined)) throw new SallyportError('configuration')
  if (id === '' || secret === '') throw new SallyportError('configuration')
}
