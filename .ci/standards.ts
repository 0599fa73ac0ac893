/**
 * The order of `STANDARDS.md`: which standards there are, under which heading. What is claimed of each stands in the header of the file that proves
 * it, in lines `@standard`, `@status`, `@does` and `@missing` (`standards-claims.ts` reads them).
 *
 * @see docs/adr/0121-standards-from-headers.md
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

/** As headers cite them, without version or section: `RFC 6749`, `OAuth 2.1`, `draft-ietf-oauth-identity-chaining`. */
export const AREAS: Readonly<Record<string, readonly string[]>> = {
  'The protocol': [
    'MCP',
    'OAuth 2.1',
    'RFC 6749',
    'RFC 6750',
    'RFC 7636',
    'RFC 8252',
    'RFC 8628',
    'RFC 8693',
    'draft-ietf-oauth-identity-assertion-authz-grant',
    'RFC 8707',
    'RFC 9207',
    'RFC 9449',
    'RFC 9700',
    'RFC 6819',
    'RFC 10017',
  ],
  'Clients and their registration': [
    'RFC 7591',
    'draft-ietf-oauth-client-id-metadata-document',
    'RFC 7523',
    'draft-ietf-oauth-rfc7523bis',
    'RFC 7521',
    'OpenID Connect Relying Party Metadata Choices',
    'OpenID Connect Dynamic Client Registration',
    'AuthPlane',
  ],
  'Tokens and their end': ['RFC 9068', 'RFC 7009', 'RFC 7662', 'RFC 8725'],
  'Discovery and errors': [
    'RFC 8414',
    'RFC 9728',
    'OpenID Connect Discovery',
    'OpenID Connect Core',
    'OpenID Connect RP-Initiated Logout',
    'OpenID Connect Back-Channel Logout',
    'RFC 9457',
    'RFC 6585',
  ],
  'Signatures and keys': [
    'RFC 7515',
    'RFC 7516',
    'RFC 7517',
    'RFC 7518',
    'RFC 7519',
    'RFC 7638',
    'RFC 7800',
    'RFC 8037',
    'RFC 3986',
    'RFC 5869',
    'RFC 7914',
    'NIST SP 800-63B',
  ],
  'HTTP and addresses': [
    'RFC 9110',
    'RFC 9111',
    'RFC 9112',
    'RFC 7617',
    'RFC 6265',
    'RFC 8246',
    'RFC 8615',
    'RFC 6890',
    'RFC 4291',
    'RFC 6177',
    'RFC 6761',
    'RFC 6762',
    'RFC 8375',
    'RFC 6125',
    'RFC 9525',
    'WHATWG',
    'CSP',
    'JSON-RPC',
  ],
  'What people see': ['WCAG', 'OWASP', 'Unicode'],
  'Not there': [
    'RFC 9126',
    'RFC 9101',
    'RFC 9396',
    'RFC 7592',
    'RFC 8705',
    'RFC 7522',
    'RFC 7239',
    'RFC 9470',
    'RFC 9701',
    'OpenID Connect CIBA',
    'JARM',
    'FAPI',
  ],
}
