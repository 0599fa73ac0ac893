/**
 * A client whose id is the URL of its own metadata document.
 *
 * @see MCP 2026-07-28, client registration: client ID metadata documents come after what is pre-registered
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 6 (the flag), section 8.2 (keys)
 * @module
 */
import { isLoopbackHost } from '../../shared/loopback.ts'
import { matchesRedirectUri } from '../../shared/redirect-uri-match.ts'
import type { ClientOptions } from '../context.ts'
import type { ValidatedServerMetadata } from '../discovery/discovery.ts'
import { acceptsSecretless } from '../token/client-authentication.ts'
import type { ClientIdentity } from './client-identity.ts'

/**
 * The identity at `server`; `undefined` where there is no document, or it would be refused: the server does not read documents, does not
 * take the client's way to prove itself, or `redirectUri` is not in the document.
 */
export function ofDocument(
  client: ClientOptions,
  server: ValidatedServerMetadata,
  redirectUri: string | undefined,
): ClientIdentity | undefined {
  if (!readsDocument(client, server) || client.metadataUrl === undefined) return undefined
  if (redirectUri !== undefined && !lists(client.redirectUris, redirectUri)) return undefined
  return documentIdentity(client, client.metadataUrl, server.issuer)
}

/** The identity wherever it was used before. */
export const documentIdentity = ({ auth }: ClientOptions, clientId: string, issuer: string): ClientIdentity => ({
  source: 'document',
  issuer,
  clientId,
  authMethod: 'none',
  key: auth,
})

/** Whether the server would read the client's document, and take what the client proves itself with. */
export const readsDocument = ({ metadataUrl, auth }: ClientOptions, server: ValidatedServerMetadata): boolean =>
  metadataUrl !== undefined && server.client_id_metadata_document_supported === true && acceptsSecretless(server, auth)

/** Whether a redirect URI is among those that the client is known by; with none given, the host knows what it does. */
const lists = (listed: readonly string[] | undefined, redirectUri: string): boolean =>
  listed?.some((one) => matchesRedirectUri(one, redirectUri, { localhostAnyPort: isPortless(one) })) ?? true

/** `http://localhost/callback` can only be meant for any port: nobody listens on 80. */
function isPortless(uri: string): boolean {
  const url = URL.parse(uri)
  return url?.protocol === 'http:' && url.port === '' && isLoopbackHost(url.hostname)
}
