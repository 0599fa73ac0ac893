/**
 * Authorization server metadata and its keys, under every name that clients look for. (For an issuer with a path, the names with the
 * path inserted are led here too, before routing: see `below-issuer.ts`.)
 *
 * @see RFC 8414 section 3
 * @see OpenID Connect Discovery 1.0 section 4
 * @module
 */
import { type Context, Elysia } from 'elysia'
import { AuthorizationServerMetadata } from '../../shared/authorization-server-metadata.ts'
import { JsonWebKeySet } from '../../shared/json-web-key-set.ts'
import { OAuthErrorResponse } from '../../shared/oauth-error.ts'
import type { AuthorizationServer } from '../core/authorization-server.ts'
import { JWKS_MAX_AGE } from '../core/key-life-cycle.ts'

/** Short enough that a new key or scope is seen soon, long enough to spare the server. */
const CACHE = { 'cache-control': `public, max-age=${JWKS_MAX_AGE}` }

/** What can go wrong here is trouble of our own. */
const withTrouble = <Document>(document: Document) => ({
  200: document,
  500: OAuthErrorResponse,
  503: OAuthErrorResponse,
})

export const metadata = (as: AuthorizationServer) => {
  const serve = ({ set }: Pick<Context, 'set'>) => {
    Object.assign(set.headers, CACHE)
    return as.metadata()
  }
  return new Elysia({ name: 'metadata' })
    .get('/.well-known/oauth-authorization-server', serve, {
      response: withTrouble(AuthorizationServerMetadata),
      detail: { summary: 'Authorization server metadata (RFC 8414)', tags: ['Discovery'] },
    })
    .get('/.well-known/openid-configuration', serve, {
      response: withTrouble(AuthorizationServerMetadata),
      detail: { summary: 'The same document under its OpenID Connect name', tags: ['Discovery'] },
    })
    .get(
      '/.well-known/jwks.json',
      ({ set }) => {
        Object.assign(set.headers, CACHE)
        return as.jwks()
      },
      {
        response: withTrouble(JsonWebKeySet),
        detail: { summary: 'The public keys of access tokens (RFC 7517)', tags: ['Discovery'] },
      },
    )
}
