/**
 * Cross-origin access for clients that run in a browser: to the endpoints that take no cookies, and to no other.
 *
 * @see OAuth 2.1 section 3.1 (draft-ietf-oauth-v2-1-16): never on the authorization endpoint
 * @see RFC 10017 (OAuth 2.0 for Browser-Based Applications)
 * @module
 */
import { Elysia } from 'elysia'

const OPEN_PATHS: ReadonlySet<string> = new Set([
  '/oauth/token',
  '/oauth/register',
  '/oauth/revoke',
  '/.well-known/oauth-authorization-server',
  '/.well-known/openid-configuration',
  '/.well-known/jwks.json',
])

export const cors = () =>
  new Elysia({ name: 'cors' }).onRequest(({ request, set }) => {
    if (!OPEN_PATHS.has(new URL(request.url).pathname)) return
    set.headers['access-control-allow-origin'] = '*'
    set.headers['access-control-expose-headers'] = 'WWW-Authenticate, Retry-After'
    if (request.method !== 'OPTIONS') return
    return new Response(null, {
      status: 204,
      headers: {
        'access-control-allow-origin': '*',
        'access-control-allow-methods': 'GET, POST, OPTIONS',
        'access-control-allow-headers': 'Authorization, Content-Type, MCP-Protocol-Version',
        'access-control-max-age': '86400',
      },
    })
  })
