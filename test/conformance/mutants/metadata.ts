/**
 * Servers that say the wrong things of themselves, or in the wrong place.
 *
 * @module
 */
import {
  at,
  changeAnswer,
  changeJson,
  changeMetadata,
  JWKS,
  type Mutant,
  mutant,
  withHeaders,
  without,
} from './mutant.ts'

const WELL_KNOWN = '/.well-known/oauth-authorization-server'

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
  mutant('as-metadata-cors', 'keeps its metadata from scripts', () =>
    changeAnswer(WELL_KNOWN, (response) =>
      withHeaders(response, (headers) => headers.delete('access-control-allow-origin')),
    ),
  ),
  mutant('as-jwks', 'publishes a key that it shares with somebody', () =>
    changeJson(JWKS, ({ keys }) => ({ keys: [...[keys].flat(), { kty: 'oct', kid: 'shared', k: 'c2VjcmV0' }] })),
  ),
]
