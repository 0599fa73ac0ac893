/**
 * A client id that an administrator of the authorization server handed out.
 *
 * @see MCP 2026-07-28, client registration: pre-registered data come first
 * @see MCP 2026-07-28, authorization server binding: never at another server
 * @module
 */
import { checkUrl } from '../../shared/url-policy.ts'
import type { ClientOptions } from '../context.ts'
import { misconfigured, SallyportError } from '../errors.ts'
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
    key: client.auth,
  }
}

/** @throws {SallyportError} `configuration`, which says what does not go together */
export function checkClientOptions(client: ClientOptions): void {
  const problem = problemWith(client)
  if (problem !== undefined) throw misconfigured(problem)
}

function problemWith({ id, metadataUrl, secret, auth, issuer }: ClientOptions): string | undefined {
  if (id === '' || secret === '') return 'client.id and client.secret must not be empty'
  if (id !== undefined && metadataUrl !== undefined) return 'client.id and client.metadataUrl are two identities'
  if (secret !== undefined && auth !== undefined) return 'client.secret and client.auth are two proofs'
  if ((secret !== undefined && id === undefined) || (auth !== undefined && (id ?? metadataUrl) === undefined)) {
    return 'client.secret needs client.id; client.auth needs that or client.metadataUrl'
  }
  if ((secret ?? auth) !== undefined && id !== undefined && issuer === undefined) {
    return 'client.issuer must say who may see the secret or key'
  }
  // Near itself: it is the servers that fetch the document, and those of a company may well read one inside its network.
  const url = metadataUrl === undefined ? undefined : checkUrl(metadataUrl, metadataUrl)
  // The document is compared with it byte for byte, so it is written in the one way that parsers leave as it is.
  if (url !== undefined && (!url.ok || url.value.href !== metadataUrl || metadataUrl.includes('?'))) {
    return 'client.metadataUrl must be https, with a path and without a query'
  }
  return undefined
}
