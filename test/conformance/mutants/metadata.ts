/**
 * Servers that say the wrong things of themselves, or in the wrong place.
 *
 * @module
 */
import type { Mutation } from '../mutation.ts'
import {
  at,
  changeAnswer,
  changeJson,
  changeMetadata,
  JWKS,
  type Mutant,
  mutant,
  refusingScripts,
  withHeaders,
  without,
} from './mutant.ts'

const WELL_KNOWN = '/.well-known/oauth-authorization-server'

const changeReading = (change: (headers: Headers) => void): Mutation =>
  changeAnswer(
    WELL_KNOWN,
    (response) => withHeaders(response, change),
    ({ method }) => method === 'GET',
  )

export const METADATA_MUTANTS: readonly Mutant[] = [
  mutant(
    'as-metadata',
    'has no metadata',
    () => async (sent, next) =>
      sent.url.pathname.startsWith('/.well-known/') ? new Response('Not found', { status: 404 }) : next(sent),
  ),
  mutant(
    'as-metadata-no-redirect',
    'redirects to its metadata',
    () => (sent, next) =>
      at(sent, WELL_KNOWN)
        ? Promise.resolve(Response.redirect(new URL('/.well-known/openid-configuration', sent.url).href, 302))
        : next(sent),
  ),
  mutant('as-metadata-type', 'sends them as text', () =>
    changeAnswer(WELL_KNOWN, (response) =>
      withHeaders(response, (headers) => headers.set('content-type', 'text/plain')),
    ),
  ),
  mutant('as-metadata-issuer', 'adds a slash to its issuer', () =>
    changeMetadata((members) => ({ ...members, issuer: `${members['issuer']}/` })),
  ),
  mutant('as-metadata-openid', 'is another one under the name of OpenID Connect', () =>
    changeJson('/.well-known/openid-configuration', (members) => ({ ...members, issuer: 'https://other.example' })),
  ),
  mutant('as-metadata-endpoints', 'has an endpoint with a fragment', () =>
    changeMetadata((members) => ({ ...members, token_endpoint: `${members['token_endpoint']}#token` })),
  ),
  mutant('as-metadata-required', 'does not say which response types it has', () =>
    changeMetadata((members) => without(members, 'response_types_supported')),
  ),
  mutant('as-metadata-pkce', 'does not say that it supports PKCE', () =>
    changeMetadata((members) => without(members, 'code_challenge_methods_supported')),
  ),
  mutant('as-metadata-no-plain', 'offers plain', () =>
    changeMetadata((members) => ({ ...members, code_challenge_methods_supported: ['S256', 'plain'] })),
  ),
  mutant('as-metadata-grants', 'offers the password grant', () =>
    changeMetadata((members) => ({
      ...members,
      grant_types_supported: ['authorization_code', 'refresh_token', 'password'],
    })),
  ),
  mutant('as-metadata-public-clients', 'does not list none', () =>
    changeMetadata((members) => ({
      ...members,
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    })),
  ),
  mutant('as-metadata-types', 'writes flags as strings', () =>
    changeMetadata((members) => ({ ...members, client_id_metadata_document_supported: 'true' })),
  ),
  mutant('as-metadata-types', 'writes a list as a string', () =>
    changeMetadata((members) => ({ ...members, response_modes_supported: 'query' })),
  ),
  mutant('as-metadata-types', 'publishes empty lists', () =>
    changeMetadata((members) => ({ ...members, response_modes_supported: [] })),
  ),
  mutant('as-metadata-cors', 'keeps its metadata from scripts', () =>
    changeReading((headers) => headers.delete('access-control-allow-origin')),
  ),
  mutant('as-metadata-cors', 'lets scripts of one site read its metadata', () =>
    changeReading((headers) => headers.set('access-control-allow-origin', 'https://app.example')),
  ),
  mutant('as-metadata-cors', 'names two origins, which no browser reads', () =>
    changeReading((headers) =>
      headers.set('access-control-allow-origin', 'https://client.example, https://app.example'),
    ),
  ),
  mutant('as-metadata-cors', 'turns scripts away, and lets them read that it does', () =>
    refusingScripts(WELL_KNOWN, 'GET'),
  ),
  mutant('as-metadata-preflight', 'does not answer preflights for its metadata', () =>
    changeAnswer(
      WELL_KNOWN,
      () => new Response('Not found', { status: 404 }),
      ({ method }) => method === 'OPTIONS',
    ),
  ),
  mutant('as-metadata-pushed', 'wants every request to be pushed, and takes others all the same', () =>
    changeMetadata((members) => ({ ...members, require_pushed_authorization_requests: true })),
  ),
  mutant('as-jwks', 'publishes a key that it shares with somebody', () =>
    changeJson(JWKS, ({ keys }) => ({ keys: [...[keys].flat(), { kty: 'oct', kid: 'shared', k: 'c2VjcmV0' }] })),
  ),
  mutant('as-jwks', 'publishes half of a key', () =>
    changeJson(JWKS, ({ keys }) => ({
      keys: [...[keys].flat(), { kty: 'EC', kid: 'half', crv: 'P-256', x: 'c2VjcmV0' }],
    })),
  ),
  mutant('as-jwks', 'publishes what is no key', () =>
    changeJson(JWKS, ({ keys }) => ({ keys: [...[keys].flat(), { kid: 'none' }] })),
  ),
]
