/**
 * The standards, and how far each is met: what the headers of the files cannot say of themselves. Sections and proofs come from those
 * headers, deviations from the decisions that declare them; `standards-page.ts` puts it together.
 *
 * @module
 */

/** In the order of the page, with what each means. */
export const STATUSES = {
  implemented: 'what it demands of a server or client of this kind is done, and a file in `test/spec/` says so',
  partly: 'what is named here is done, and the rest is not',
  followed: 'advice, heeded where it concerns us',
  used: 'a part that the others are made of; it comes from the platform or a library, or is small',
  missing: 'not there',
} as const
export type Status = keyof typeof STATUSES

export interface Standard {
  /** As headers cite it, without version or section: `RFC 6749`, `OAuth 2.1`, `draft-ietf-oauth-identity-chaining`. */
  readonly id: string
  readonly title: string
  readonly status: Status
  /** What exactly is done, or why nothing is. */
  readonly what: string
  /** Where it is published, unless the id tells. */
  readonly url?: string
}

const row = (id: string, status: Status, title: string, what: string, url?: string): Standard =>
  url === undefined ? { id, status, title, what } : { id, status, title, what, url }

const OPENID = 'https://openid.net/specs/openid-connect'

export const STANDARDS: Readonly<Record<string, readonly Standard[]>> = {
  'The protocol': [
    row(
      'MCP',
      'implemented',
      'Authorization, revisions 2025-11-25 and 2026-07-28',
      'server, resource server and client: discovery from the challenge on, client ID metadata documents and registration, authorization with PKCE and `resource`, `iss`, step-up, issuer binding; machine clients (extension). Not: servers of 2025-03-26 without metadata; enterprise-managed authorization',
      'https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization',
    ),
    row(
      'OAuth 2.1',
      'implemented',
      'The OAuth 2.1 Authorization Framework (draft 16)',
      'authorization code and refresh token grants, PKCE for everyone, exact redirect URIs, rotation with revocation of the family; neither the implicit nor the password grant',
      'https://datatracker.ietf.org/doc/html/draft-ietf-oauth-v2-1-16',
    ),
    row(
      'RFC 6749',
      'partly',
      'The OAuth 2.0 Authorization Framework',
      'endpoints, errors, client authentication; the grants authorization code (section 4.1), client credentials (section 4.4, off by default) and refresh (section 6); not the implicit grant (section 4.2) and not the password grant (section 4.3), which OAuth 2.1 removed',
    ),
    row(
      'RFC 6750',
      'partly',
      'Bearer Token Usage',
      'the header (section 2.1), challenges and errors; tokens in forms and query strings (sections 2.2 and 2.3) are never read',
    ),
    row(
      'RFC 7636',
      'partly',
      'Proof Key for Code Exchange',
      'S256, required of every client; `plain` is refused, as OAuth 2.1 demands',
    ),
    row(
      'RFC 8252',
      'followed',
      'OAuth 2.0 for Native Apps',
      'loopback redirects with any port, private-use schemes, the system browser',
    ),
    row(
      'RFC 8707',
      'implemented',
      'Resource Indicators',
      'one resource per request, which becomes the one audience; the token request may repeat it and not change it',
    ),
    row(
      'RFC 9207',
      'implemented',
      'Authorization Server Issuer Identification',
      '`iss` in every response, success or error; the client demands it where it was promised',
    ),
    row(
      'RFC 9449',
      'implemented',
      'Demonstrating Proof of Possession (DPoP)',
      'server, resource server and client: bound tokens, codes (`dpop_jkt`) and refresh tokens of public clients, nonces, memory of what was used, demanded by client or by resource; not in pushed requests, which there are none of',
    ),
    row(
      'RFC 9700',
      'followed',
      'Best Current Practice for OAuth 2.0 Security',
      'each threat that concerns us has a file in `test/attacks/`',
    ),
    row('RFC 6819', 'followed', 'OAuth 2.0 Threat Model', 'the threats that RFC 9700 left as they were'),
    row(
      'RFC 10017',
      'followed',
      'OAuth 2.0 for Browser-Based Applications',
      'cross-origin access to the endpoints that take no cookies, and to no other; the client keeps tokens out of reach of storage by default',
    ),
  ],
  'Clients and their registration': [
    row(
      'RFC 7591',
      'implemented',
      'Dynamic Client Registration',
      'three modes: approved redirect URIs, open, administrators only; initial access tokens; software statements are refused; a registration that nobody uses ends after a day',
    ),
    row(
      'draft-ietf-oauth-client-id-metadata-document',
      'implemented',
      'Client ID Metadata Documents (draft 02)',
      'fetched for somebody who is signed in, through a guarded door, cached, kept through an outage, pinned or limited to domains by the operator; the client makes and checks a document and does not present it by itself yet',
    ),
    row(
      'RFC 7523',
      'partly',
      'JWT Profile for Client Authentication and Authorization Grants',
      '`private_key_jwt` (section 2.2), each assertion once; not the grant (section 2.1)',
    ),
    row(
      'draft-ietf-oauth-rfc7523bis',
      'partly',
      'The same, revised',
      'the issuer is the only audience of an assertion; not the grant',
    ),
    row('RFC 7521', 'used', 'Assertion Framework', 'how assertions are sent, for client authentication'),
    row(
      'OpenID Connect Relying Party Metadata Choices',
      'partly',
      'Relying Party Metadata Choices 1.0',
      'a document may name several ways to authenticate; of the other lists none is read',
      'https://openid.net/specs/openid-connect-rp-metadata-choices-1_0.html',
    ),
    row(
      'OpenID Connect Dynamic Client Registration',
      'partly',
      'Dynamic Client Registration 1.0',
      '`application_type` and its rules for redirect URIs',
      `${OPENID}-registration-1_0.html`,
    ),
  ],
  'Tokens and their end': [
    row(
      'RFC 9068',
      'implemented',
      'JWT Profile for Access Tokens',
      'issued with ES256 or RS256 and verified: type, issuer, audience, expiry, algorithms by allow list',
    ),
    row(
      'RFC 7009',
      'implemented',
      'Token Revocation',
      'refresh tokens with their whole family, access tokens one by one',
    ),
    row(
      'RFC 7662',
      'implemented',
      'Token Introspection',
      'access and refresh tokens, for the client that they were issued to and for the resource that they are for; client authentication is required',
    ),
    row(
      'RFC 8725',
      'followed',
      'JWT Best Current Practices',
      'algorithms by allow list, explicit type, keys of the claimed issuer only, nothing followed from a header',
    ),
  ],
  'Discovery and errors': [
    row(
      'RFC 8414',
      'implemented',
      'Authorization Server Metadata',
      'made from what is mounted; issuers with a path; signed metadata (section 2.1) is missing',
    ),
    row(
      'RFC 9728',
      'implemented',
      'Protected Resource Metadata',
      'served by the resource module, read by the client; signed metadata (section 2.2) is missing',
    ),
    row(
      'OpenID Connect Discovery',
      'partly',
      'Discovery 1.0',
      'the same document under the other name, at both places; there is no ID token',
      `${OPENID}-discovery-1_0.html`,
    ),
    row(
      'OpenID Connect Core',
      'partly',
      'Core 1.0',
      '`prompt` and its errors, `offline_access`; no ID token, no user info',
      `${OPENID}-core-1_0.html`,
    ),
    row('RFC 9457', 'implemented', 'Problem Details', 'members in every error body; the media type on request'),
    row(
      'RFC 6585',
      'implemented',
      'Additional HTTP Status Codes',
      '429 with `Retry-After` on every endpoint that looks something up (documents and health have no limit), 431',
    ),
  ],
  'Signatures and keys': [
    row('RFC 7515', 'used', 'JSON Web Signature', 'the compact form, ES256 and RS256 for what is issued'),
    row('RFC 7516', 'used', 'JSON Web Encryption', 'keys and successors at rest'),
    row('RFC 7517', 'used', 'JSON Web Key', 'the key set, with the keys of yesterday and of tomorrow'),
    row('RFC 7518', 'used', 'JSON Web Algorithms', 'asymmetric ones for tokens, `dir` with A256GCM at rest'),
    row('RFC 7519', 'used', 'JSON Web Token', 'access tokens'),
    row('RFC 7638', 'used', 'JWK Thumbprint', 'names of keys, and of those that tokens are bound to'),
    row(
      'RFC 7800',
      'used',
      'Proof-of-Possession Key Semantics for JWTs',
      '`cnf` with a thumbprint, and no other confirmation',
    ),
    row('RFC 8037', 'used', 'EdDSA in JOSE', 'verified by the resource module'),
    row('RFC 3986', 'used', 'URI Generic Syntax', 'how URLs in proofs are compared (section 6.2)'),
    row('RFC 5869', 'used', 'HKDF', 'keys that follow from the secret'),
    row('RFC 7914', 'used', 'scrypt', 'passwords'),
    row(
      'NIST SP 800-63B',
      'followed',
      'Digital Identity Guidelines: Authentication',
      'length instead of composition, normalised Unicode, a limit to guessing',
      'https://pages.nist.gov/800-63-3/sp800-63b.html',
    ),
  ],
  'HTTP and addresses': [
    row('RFC 9110', 'used', 'HTTP Semantics', 'challenges by grammar, content negotiation, `Retry-After`, methods'),
    row('RFC 9111', 'used', 'HTTP Caching', 'how long documents of others may be kept'),
    row('RFC 9112', 'used', 'HTTP/1.1', 'bad requests, incomplete answers'),
    row('RFC 7617', 'used', 'Basic Authentication', '`client_secret_basic`, form-decoded'),
    row('RFC 6265', 'used', 'Cookies', 'one cookie with the `__Host-` prefix (draft of the revision)'),
    row('RFC 8246', 'used', 'Immutable Responses', 'stylesheet and icon'),
    row('RFC 8615', 'used', 'Well-Known URIs', 'metadata documents'),
    row('RFC 6890', 'used', 'Special-Purpose Address Registries', 'what must not be fetched for strangers'),
    row('RFC 4291', 'used', 'IP Version 6 Addressing', 'how limits see addresses'),
    row('RFC 6177', 'used', 'IPv6 Address Assignment to End Sites', 'what one subscriber has, to a limit'),
    row('RFC 6761', 'used', 'Special-Use Domain Names', '`localhost` is this machine'),
    row('RFC 6762', 'used', 'Multicast DNS', 'names of private networks'),
    row('RFC 8375', 'used', '`home.arpa.`', 'names of private networks'),
    row('RFC 6125', 'used', 'Service Identity in TLS', 'the certificate is the name’s, wherever the connection goes'),
    row('RFC 9525', 'used', 'Service Identity in TLS, revised', 'as above'),
    row(
      'WHATWG',
      'used',
      'Fetch, HTML and MIME Sniffing',
      'cross-origin access, posts from elsewhere, escaping, what an image is',
      'https://spec.whatwg.org/',
    ),
    row(
      'JSON-RPC',
      'used',
      'JSON-RPC 2.0',
      'messages and batches, judged before the server of the resource sees them',
      'https://www.jsonrpc.org/specification',
    ),
  ],
  'What people see': [
    row(
      'WCAG',
      'followed',
      'Web Content Accessibility Guidelines 2.2, level AA',
      'sign-in, consent and account pages, measured in a browser',
      'https://www.w3.org/TR/WCAG22/',
    ),
    row(
      'OWASP',
      'followed',
      'Cheat sheets on authentication and sessions',
      'answers that tell no more than they must, sessions renewed at sign-in',
      'https://cheatsheetseries.owasp.org/',
    ),
    row(
      'Unicode',
      'followed',
      'Annex 9 and Technical Report 36',
      'names of strangers shown without direction marks and look-alikes of our own words',
      'https://www.unicode.org/reports/tr36/',
    ),
  ],
  'Not there': [
    row('RFC 8628', 'missing', 'Device Authorization Grant', 'planned'),
    row('RFC 9126', 'missing', 'Pushed Authorization Requests (PAR)', 'planned'),
    row(
      'RFC 9101',
      'missing',
      'JWT-Secured Authorization Requests (JAR)',
      'planned; `request` and `request_uri` are ignored',
    ),
    row('RFC 9396', 'missing', 'Rich Authorization Requests (RAR)', 'planned; `authorization_details` is ignored'),
    row('RFC 7592', 'missing', 'Dynamic Client Registration Management', 'planned: clients register again instead'),
    row('RFC 8693', 'missing', 'Token Exchange', 'planned'),
    row('RFC 8705', 'missing', 'Mutual-TLS Client Authentication and Certificate-Bound Tokens', 'not planned'),
    row('RFC 7522', 'missing', 'SAML Profile', 'not planned'),
    row(
      'draft-ietf-oauth-identity-assertion-authz-grant',
      'missing',
      'Identity Assertion Authorization Grant',
      'planned: enterprise-managed authorization',
    ),
    row('RFC 7239', 'missing', 'Forwarded HTTP Extension', 'not read: proxies are believed through `X-Forwarded-For`'),
    row('RFC 9470', 'missing', 'Step Up Authentication Challenge', 'not planned: step-up here is about scopes'),
    row('RFC 9701', 'missing', 'JWT Response for Token Introspection', 'not planned'),
    row(
      'OpenID Connect CIBA',
      'missing',
      'Client-Initiated Backchannel Authentication',
      'not planned',
      'https://openid.net/specs/openid-client-initiated-backchannel-authentication-core-1_0.html',
    ),
    row(
      'JARM',
      'missing',
      'JWT-Secured Authorization Response Mode',
      'not planned: `response_mode` is `query`',
      'https://openid.net/specs/oauth-v2-jarm.html',
    ),
    row(
      'FAPI',
      'missing',
      'FAPI 2.0 Security Profile',
      'not planned; it needs PAR and sender-constrained tokens',
      'https://openid.net/specs/fapi-security-profile-2_0-final.html',
    ),
  ],
}
