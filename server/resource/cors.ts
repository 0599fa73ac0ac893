/**
 * What lets a web page read the answers of a protected resource. No cookie is ever looked at, so any origin may be named here;
 * which pages may call at all is decided by `origin.ts`.
 *
 * @see Fetch, section 3.3 (CORS protocol)
 * @see RFC 9728 section 7.10: metadata for clients in browsers
 * @module
 */

export const CORS_HEADERS = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'WWW-Authenticate, DPoP-Nonce, Retry-After, Mcp-Session-Id, MCP-Protocol-Version',
} as const

/** The answer to a preflight, which never carries a token and so never needs one. */
export function preflightResponse(methods: string): Response {
  return new Response(null, {
    status: 204,
    headers: {
      ...CORS_HEADERS,
      'access-control-allow-methods': methods,
      // The wildcard covers every header but this one.
      'access-control-allow-headers': '*, Authorization',
      'access-control-max-age': '3600',
    },
  })
}

/**
 * The same response, readable from any origin. `nonce`: for the next DPoP proof. Whoever stored it would be told an old one later on
 * (RFC 9449 section 8.2).
 */
export function withCors(response: Response, nonce: string | null): Response {
  const headers = new Headers(response.headers)
  for (const [name, value] of Object.entries(CORS_HEADERS)) if (!headers.has(name)) headers.set(name, value)
  if (nonce !== null) {
    headers.set('dpop-nonce', nonce)
    headers.set('cache-control', 'no-store')
  }
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers })
}
