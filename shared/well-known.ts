/**
 * Where metadata documents live, for identifiers with and without a path.
 *
 * @see RFC 8414 section 3.1: the path-inserted form, a terminating slash dropped
 * @see RFC 9728 section 3.1: the same for a protected resource
 * @see OpenID Connect Discovery 1.0 section 4.1: the path-appended form
 * @module
 */

export const OAUTH_AUTHORIZATION_SERVER = '/.well-known/oauth-authorization-server'
export const OPENID_CONFIGURATION = '/.well-known/openid-configuration'
export const OAUTH_PROTECTED_RESOURCE = '/.well-known/oauth-protected-resource'

/** The path of an identifier without a terminating slash: `''` for an origin, `'/tenant'` for `https://h/tenant/`. */
export function identifierPath(identifier: string): string {
  return new URL(identifier).pathname.replace(/\/$/, '')
}

/** Inserts a well-known path between host and path: `https://h/t1` -> `https://h/.well-known/.../t1`. A query stays. */
export function insertWellKnown(identifier: string, wellKnown: string): string {
  const url = new URL(identifier)
  return `${url.origin}${wellKnown}${identifierPath(identifier)}${url.search}`
}

/** Where a client looks for a server's metadata, in the order that MCP prescribes. */
export function authorizationServerMetadataUrls(issuer: string): readonly string[] {
  const inserted = [insertWellKnown(issuer, OAUTH_AUTHORIZATION_SERVER), insertWellKnown(issuer, OPENID_CONFIGURATION)]
  const path = identifierPath(issuer)
  return path === '' ? inserted : [...inserted, `${new URL(issuer).origin}${path}${OPENID_CONFIGURATION}`]
}

interface ResourceMetadataUrl {
  readonly url: string
  readonly resource: string
}

/** Where a client without a `resource_metadata` hint looks, with the `resource` that each document must name. */
export function protectedResourceMetadataUrls(
  resource: string,
): readonly [ResourceMetadataUrl, ...ResourceMetadataUrl[]] {
  const inserted = { url: insertWellKnown(resource, OAUTH_PROTECTED_RESOURCE), resource }
  const { origin } = new URL(resource)
  if (identifierPath(resource) === '') return [inserted]
  return [inserted, { url: `${origin}${OAUTH_PROTECTED_RESOURCE}`, resource: origin }]
}
