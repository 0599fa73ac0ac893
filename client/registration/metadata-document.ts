/**
 * The document that a host publishes at the URL that is its client id, so that authorization servers know it without a registration.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 3, section 4
 * @see MCP 2026-07-28, client registration: client ID metadata documents
 * @see RFC 9449 section 5.2: `dpop_bound_access_tokens`
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 8: `authorization_grant_profiles_supported`
 * @module
 */
import { checkClientDocument, MAX_CLIENT_DOCUMENT } from '../../shared/client-id-metadata-document.ts'
import { checkClientIdUrl } from '../../shared/client-id-url.ts'
import { ID_JAG_PROFILE, JWT_BEARER_GRANT, TOKEN_EXCHANGE_GRANT } from '../../shared/grant-names.ts'
import { misconfigured } from '../errors.ts'

/** A client that has both can present what its company's identity provider says of a person. */
const ID_JAG_GRANTS = [TOKEN_EXCHANGE_GRANT, JWT_BEARER_GRANT]

/** What a host says of itself. */
export interface ClientDocumentOptions {
  /** The https URL at which the document will be, with a path and without a query: the client id, byte for byte. */
  readonly id: string
  readonly name: string
  /** A loopback redirect URI without a port stands for any port. */
  readonly redirectUris: readonly string[]
  readonly uri?: string
  readonly logoUri?: string
  readonly softwareId?: string
  readonly softwareVersion?: string
  /**
   * Default: the authorization code and refresh tokens. An agent with keys adds `client_credentials`; a host that redeems ID-JAGs adds the
   * token exchange and the JWT bearer grant.
   */
  readonly grantTypes?: readonly string[]
  /** It is software that acts by itself: pages and tokens say so, where the authorization server knows of agents. */
  readonly agent?: true
  /** Authorization servers are to refuse tokens for this client without a proof of its key. */
  readonly dpop?: 'required'
  /** For a host that keeps a key: public keys, or where they are. Then each request to the token endpoint must be signed with one. */
  readonly keys?: { readonly jwks: { readonly keys: readonly object[] } } | { readonly jwksUri: string }
}

/**
 * The document, ready to be served as `application/json` with status 200 at `id`.
 *
 * @throws {SallyportError} `configuration` where servers would refuse it
 * @example
 * const document = clientDocument({
 *   id: 'https://app.example/client.json',
 *   name: 'My host',
 *   redirectUris: ['http://127.0.0.1/callback'],
 * })
 */
export function clientDocument(options: ClientDocumentOptions): Readonly<Record<string, unknown>> {
  const { id, name, redirectUris, keys, dpop, agent, grantTypes = ['authorization_code', 'refresh_token'] } = options
  const document = {
    client_id: id,
    client_name: name,
    redirect_uris: [...redirectUris],
    grant_types: [...grantTypes],
    response_types: ['code'],
    ...(ID_JAG_GRANTS.every((grant) => grantTypes.includes(grant)) && {
      authorization_grant_profiles_supported: [ID_JAG_PROFILE],
    }),
    token_endpoint_auth_method: keys === undefined ? 'none' : 'private_key_jwt',
    ...(dpop === 'required' && { dpop_bound_access_tokens: true }),
    ...(agent === true && { agent: true }),
    ...(keys === undefined ? {} : 'jwks' in keys ? { jwks: keys.jwks } : { jwks_uri: keys.jwksUri }),
    ...described(options),
  }
  const size = new TextEncoder().encode(JSON.stringify(document)).length
  const checked = checkClientDocument(document, id)
  if (!checkClientIdUrl(id).ok) throw misconfigured('id is an https URL with a path and without a query')
  if (!checked.ok) throw misconfigured(`servers would refuse the document for its ${checked.error}`)
  if (size > MAX_CLIENT_DOCUMENT) throw misconfigured(`the document is larger than ${MAX_CLIENT_DOCUMENT} bytes`)
  return document
}

function described({ uri, logoUri, softwareId, softwareVersion }: ClientDocumentOptions) {
  const members = { client_uri: uri, logo_uri: logoUri, software_id: softwareId, software_version: softwareVersion }
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}
