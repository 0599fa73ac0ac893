/**
 * Cross-origin access for clients that run in a browser: to the endpoints that take no cookies, and to no other.
 *
 * @see OAuth 2.1 section 3.1 (draft-ietf-oauth-v2-1-16): never on the authorization endpoint
 * @see RFC 10017 (OAuth 2.0 for Browser-Based Applications)
 * @module
 */
import { Elysia } from 'elysia'
import { ENDPOINTS } from './endpoints.ts'
import { pathOf } from './path-of.ts'
import { requestIdHeaders } from './request-id.ts'

/** On every answer that a script of any origin may read. */
export const CORS_HEADERS = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'WWW-Authenticate, DPoP-Nonce, Retry-After, X-Request-Id',
} as const

export const cors = () =>
  new Elysia({ name: 'cors' }).onRequest(({ request, set }) => {
    // Documents carry theirs with them: to add headers to an answer that is made costs as much as making it.
    if (request.method === 'GET') return
    const method = ENDPOINTS.get(pathOf(request))
    if (method === undefined) return
    Object.assign(set.headers, CORS_HEADERS)
    if (request.method !== 'OPTIONS') {
      Object.assign(set.headers, requestIdHeaders(request))
      return
    }
    return new Response(null, {
      status: 204,
      headers: {
        'access-control-allow-origin': CORS_HEADERS['access-control-allow-origin'],
        'access-control-allow-methods': method,
        'access-control-allow-headers': 'Authorization, Content-Type, DPoP, MCP-Protocol-Version',
        'access-control-max-age': '86400',
      },
    })
  })
