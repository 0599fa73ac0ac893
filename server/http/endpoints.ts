/**
 * The endpoints that applications call, each with its one method: they take no cookies, so scripts of any origin may call them too.
 *
 * @module
 */

export const ENDPOINTS: ReadonlyMap<string, 'GET' | 'POST'> = new Map([
  ['/oauth/token', 'POST'],
  ['/oauth/register', 'POST'],
  ['/oauth/revoke', 'POST'],
  ['/oauth/introspect', 'POST'],
  ['/.well-known/oauth-authorization-server', 'GET'],
  ['/.well-known/openid-configuration', 'GET'],
  ['/.well-known/jwks.json', 'GET'],
])
