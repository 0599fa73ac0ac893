/**
 * Authorization server metadata and its keys, under every name that clients look for. (For an issuer with a path, the names with the
 * path inserted are led here too, before routing: see `below-issuer.ts`.)
 *
 * @see RFC 8414 section 3
 * @see OpenID Connect Discovery 1.0 section 4
 * @module
 */
import { Elysia } from 'elysia'
import * as v from 'valibot'
import { AuthorizationServerMetadata } from '../../shared/authorization-server-metadata.ts'
import { JsonWebKeySet } from '../../shared/json-web-key-set.ts'
import { OAuthErrorResponse } from '../../shared/oauth-error.ts'
import type { AuthorizationServer } from '../core/authorization-server.ts'
import { JWKS_MAX_AGE } from '../core/key-life-cycle.ts'
import { memoizeLast } from '../core/memoize-last.ts'
import { CORS_HEADERS } from './cors.ts'
import { oncePerTurn } from './next-turn.ts'
import { requestIdBeside } from './request-id.ts'

/** Short enough that a new key or scope is seen soon, long enough to spare the server. */
const CACHE = { 'cache-control': `public, max-age=${JWKS_MAX_AGE}` }

/** What can go wrong here is trouble of our own. */
const withTrouble = <Document>(document: Document) => ({
  200: document,
  500: OAuthErrorResponse,
  503: OAuthErrorResponse,
})

/** `onRead`: told of each reading of the server's metadata. */
export const metadata = (as: AuthorizationServer, onRead: (request: Request) => void = () => {}) => {
  const answerMetadata = documents(AuthorizationServerMetadata, as.metadata)
  const answerKeys = documents(JsonWebKeySet, as.jwks)
  const serve = ({ request }: { request: Request }) => {
    onRead(request)
    return answerMetadata(request)
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
    .get('/.well-known/jwks.json', ({ request }) => answerKeys(request), {
      response: withTrouble(JsonWebKeySet),
      detail: { summary: 'The public keys of access tokens (RFC 7517)', tags: ['Discovery'] },
    })
}

const HEADERS = { 'content-type': 'application/json', ...CACHE, ...CORS_HEADERS }

/**
 * Documents as answers. Requests that arrive together share one reading; as long as that gives the same object, it is neither checked nor written
 * again.
 */
function documents<const Schema extends v.GenericSchema>(schema: Schema, read: () => Promise<v.InferInput<Schema>>) {
  const write = memoizeLast((document: v.InferInput<Schema>) => JSON.stringify(v.parse(schema, document)))
  const text = oncePerTurn(async () => write(await read()))
  const withId = requestIdBeside(HEADERS)
  return async (request: Request): Promise<Response> => new Response(await text(), { headers: withId(request) })
}
