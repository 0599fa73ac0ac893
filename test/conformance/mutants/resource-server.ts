/**
 * Broken resource servers: a good one that overlooks one thing, or says one thing wrong.
 *
 * @module
 */
import { createHmac, createPublicKey, type KeyObject } from 'node:crypto'
import { type Members, type ReadJws, readJwt } from '../../../conformance/jose/jws.ts'
import type { Sent } from '../mutation.ts'
import { changeAnswer, changeJson, type Mutant, mutant, refusingScripts, withHeaders, without } from './mutant.ts'
import { boundTokenMutants } from './resource-dpop.ts'
import {
  changeChallenge,
  changeEndpoint,
  type Forger,
  isEndpoint,
  NO_TOKEN,
  PRM,
  passes,
  tokenOf,
  unauthorized,
} from './resource-mutant.ts'

/** Accepts the tokens that `overlooks` says, and leaves the others to the server. */
const accepting = (
  breaks: string,
  what: string,
  overlooks: (token: ReadJws, sent: Sent) => boolean | Promise<boolean>,
): Mutant =>
  mutant(breaks, what, () => async (sent, next) => {
    const token = isEndpoint(sent) && !sent.headers.has('dpop') ? readJwt(tokenOf(sent)) : undefined
    return token !== undefined && (await overlooks(token, sent)) ? passes() : next(sent)
  })

const keyOf = (jwk: Members): KeyObject => createPublicKey({ key: { ...jwk }, format: 'jwk' })

/** Takes the public key for a shared secret, when it is written in this way. */
const takingPublicKey = (how: string, write: (forger: Forger) => string | Buffer, forger: Forger): Mutant =>
  mutant('rs-symmetric', `takes the public key for a shared secret, ${how}`, () => async (sent, next) => {
    const [header, payload, signature] = tokenOf(sent).split('.')
    const made = createHmac('sha256', write(forger)).update(`${header}.${payload}`).digest('base64url')
    return isEndpoint(sent) && signature === made ? passes() : next(sent)
  })

const METADATA_MUTANTS: readonly Mutant[] = [
  mutant(
    'rs-metadata',
    'has no metadata',
    () => async (sent, next) =>
      sent.url.pathname.includes('oauth-protected-resource') ? new Response('Not found', { status: 404 }) : next(sent),
  ),
  mutant('rs-metadata-type', 'sends them as text', () =>
    changeAnswer(PRM, (response) => withHeaders(response, (headers) => headers.set('content-type', 'text/plain'))),
  ),
  mutant('rs-metadata-resource', 'adds a slash to its name', () =>
    changeJson(PRM, (members) => ({ ...members, resource: `${members['resource']}/` })),
  ),
  mutant('rs-metadata-servers', 'names no authorization server', () =>
    changeJson(PRM, (members) => without(members, 'authorization_servers')),
  ),
  mutant('rs-metadata-servers', 'names an authorization server without TLS', () =>
    changeJson(PRM, (members) => ({ ...members, authorization_servers: ['http://auth.example'] })),
  ),
  mutant('rs-metadata-servers', 'names what is no URL', () =>
    changeJson(PRM, (members) => ({ ...members, authorization_servers: ['auth.example'] })),
  ),
  mutant('rs-metadata-issuers', 'adds a slash to the name of its authorization server', () =>
    changeJson(PRM, (members) => ({
      ...members,
      authorization_servers: [`${[members['authorization_servers']].flat()[0]}/`],
    })),
  ),
  mutant('rs-metadata-empty', 'publishes empty lists', () =>
    changeJson(PRM, (members) => ({ ...members, resource_signing_alg_values_supported: [] })),
  ),
  mutant('rs-metadata-offline', 'asks for offline_access', () =>
    changeJson(PRM, (members) => ({ ...members, scopes_supported: ['notes:read', 'offline_access'] })),
  ),
  mutant('rs-metadata-methods', 'takes tokens from the URL, too', () =>
    changeJson(PRM, (members) => ({ ...members, bearer_methods_supported: ['header', 'query'] })),
  ),
  mutant('rs-metadata-cors', 'keeps its metadata from scripts', () =>
    changeAnswer(
      PRM,
      (response) => withHeaders(response, (headers) => headers.delete('access-control-allow-origin')),
      ({ method }) => method === 'GET',
    ),
  ),
  mutant('rs-metadata-cors', 'turns scripts away, and lets them read that it does', () => refusingScripts(PRM, 'GET')),
  mutant('rs-metadata-preflight', 'does not answer preflights for its metadata', () =>
    changeAnswer(
      PRM,
      () => new Response(null, { status: 405 }),
      ({ method }) => method === 'OPTIONS',
    ),
  ),
]

const takingOrigin = (what: string, takes: (origin: string) => boolean): Mutant =>
  mutant('rs-origin', what, () => (sent, next) => {
    const headers = new Headers(sent.headers)
    if (takes(headers.get('origin') ?? '')) headers.delete('origin')
    return next({ ...sent, headers })
  })

const CHALLENGE_MUTANTS: readonly Mutant[] = [
  mutant('rs-401', 'answers 403 to whoever has no token', () =>
    changeEndpoint(async (response, sent) =>
      response.status === 401 && !sent.headers.has('authorization') && !sent.headers.has('origin')
        ? new Response(response.body, { status: 403, headers: response.headers })
        : response,
    ),
  ),
  mutant(
    'rs-get',
    'opens streams to everybody',
    () => async (sent, next) =>
      isEndpoint(sent) && sent.method === 'GET'
        ? new Response(': hello\n\ndata: {}\n\n', { headers: { 'content-type': 'text/event-stream' } })
        : next(sent),
  ),
  mutant(
    'rs-get',
    'ends sessions for everybody',
    () => async (sent, next) =>
      isEndpoint(sent) && sent.method === 'DELETE' ? new Response(null, { status: 204 }) : next(sent),
  ),
  mutant('rs-challenge', 'answers 401 and nothing else', () =>
    changeChallenge(
      () => null,
      ({ status }, { headers }) => status === 401 && !headers.has('authorization'),
    ),
  ),
  mutant('rs-challenge-metadata', 'does not say where its metadata are', () =>
    changeChallenge(
      (challenge) => challenge.replace(/,? ?resource_metadata="[^"]*",?/g, ' '),
      ({ status }) => status === 401,
    ),
  ),
  mutant('rs-challenge-metadata', 'says that its metadata are where a page is', () => {
    const place = '/about'
    const wrong = changeChallenge((challenge) =>
      challenge.replace(/resource_metadata="[^"]*"/g, `resource_metadata="https://mcp.example${place}"`),
    )
    return (sent, next) => (sent.url.pathname === place ? Promise.resolve(page('<!doctype html>')) : wrong(sent, next))
  }),
  mutant('rs-challenge-metadata', 'does not say where its metadata are to who has a bad token', () =>
    changeChallenge(
      (challenge) => challenge.replace(/,? ?resource_metadata="[^"]*",?/g, ' '),
      ({ status }, sent) => status === 401 && tokenOf(sent) === NO_TOKEN,
    ),
  ),
  mutant('rs-challenge-scope', 'says that no scope is needed', () =>
    changeChallenge(
      (challenge) => challenge.replace(/scope="[^"]*"/g, 'scope=""'),
      ({ status }) => status === 401,
    ),
  ),
  mutant('rs-challenge-scope', 'does not say which scopes are needed', () =>
    changeChallenge(
      (challenge) => challenge.replace(/scope="[^"]*",? ?/g, ''),
      ({ status }) => status === 401,
    ),
  ),
  mutant('rs-challenge-no-error', 'calls a missing token an error', () =>
    changeChallenge((challenge) =>
      challenge.includes('error=') ? challenge : challenge.replace('Bearer ', 'Bearer error="invalid_token", '),
    ),
  ),
  mutant('rs-challenge-repeated', 'says everything twice', () =>
    changeChallenge((challenge) => `${challenge}, realm="a", realm="b", realm="c"`),
  ),
  mutant('rs-challenge-exposed', 'keeps its challenge from scripts', () =>
    changeEndpoint((response) => withHeaders(response, (headers) => headers.delete('access-control-expose-headers'))),
  ),
  mutant('rs-challenge-exposed', 'shows its challenge to another site', () =>
    changeEndpoint((response, { method }) =>
      method === 'OPTIONS'
        ? response
        : withHeaders(response, (headers) => headers.set('access-control-allow-origin', 'https://other.example')),
    ),
  ),
  mutant('rs-challenge-exposed', 'turns its own scripts away, and lets them read that it does', () =>
    changeEndpoint((response, { headers, method }) =>
      method !== 'OPTIONS' && headers.get('origin') === 'https://mcp.example'
        ? new Response(null, { status: 403, headers: response.headers })
        : response,
    ),
  ),
  mutant('rs-preflight', 'wants a token of preflights', () =>
    changeEndpoint((response, { method }) => (method === 'OPTIONS' ? unauthorized('Bearer') : response)),
  ),
  takingOrigin('takes requests of any page', (origin) => origin === 'https://attacker.example'),
  takingOrigin('compares the beginning of an origin', (origin) => origin.startsWith('https://mcp.example.')),
  takingOrigin('takes requests of pages in a sandbox', (origin) => origin === 'null'),
  mutant(
    'rs-garbage',
    'breaks when a token cannot be read',
    () => async (sent, next) =>
      isEndpoint(sent) && tokenOf(sent) === NO_TOKEN ? new Response('Oops', { status: 500 }) : next(sent),
  ),
  mutant('rs-invalid-token', 'does not say that a token is bad', () =>
    changeChallenge((challenge) =>
      challenge.replace('error="invalid_token", ', '').replace(/Bearer error="invalid_token"/, 'Bearer'),
    ),
  ),
  mutant('rs-two-tokens', 'takes the first of two tokens', () => (sent, next) => {
    const headers = new Headers(sent.headers)
    const [scheme, token, more] = headers.get('authorization')?.split(' ') ?? []
    if (more !== undefined) headers.set('authorization', `${scheme} ${token}`)
    return next({ ...sent, headers })
  }),
]

const page = (markup: string): Response => new Response(markup, { headers: { 'content-type': 'text/html' } })
const events = (data: string): Response =>
  new Response(`: hello\n\ndata: ${data}\n\n`, { headers: { 'content-type': 'text/event-stream' } })

/** Answers good tokens that are bound to no key. */
const answeringTokens = (what: string, answer: () => Response): Mutant =>
  mutant('rs-token', what, () => async (sent, next) => {
    const claims: Members = readJwt(tokenOf(sent))?.claims ?? {}
    const isGood = isEndpoint(sent) && claims['cnf'] === undefined && claims['scope'] !== undefined
    return isGood && !sent.headers.has('dpop') && !sent.url.search ? answer() : next(sent)
  })

const tokenMutants = (forger: Forger): readonly Mutant[] => [
  answeringTokens('refuses all tokens', () => unauthorized('Bearer error="invalid_token"')),
  answeringTokens('has nothing for who has a token', () => new Response('Not found', { status: 404 })),
  answeringTokens('sends who has a token elsewhere', () => Response.redirect('https://mcp.example/sign-in', 302)),
  answeringTokens('breaks when it sees a token', () => new Response('Oops', { status: 500 })),
  answeringTokens('understands nothing', () => Response.json({ error: 'bad_request' }, { status: 400 })),
  answeringTokens('shows a page to who has a token', () => page('<!doctype html>Welcome')),
  answeringTokens('says in JSON-RPC that nobody may', () =>
    Response.json({ jsonrpc: '2.0', id: 1, error: { code: -32_001, message: 'Unauthorized' } }),
  ),
  answeringTokens('says in a stream that nobody may', () => events('{"jsonrpc":"2.0","id":1,"error":{"code":-32001}}')),
  mutant(
    'rs-scheme-case',
    'wants the scheme with a capital',
    () => async (sent, next) =>
      sent.headers.get('authorization')?.startsWith('bearer ') === true ? unauthorized('Bearer') : next(sent),
  ),
  mutant('rs-no-scheme', 'takes tokens without a scheme', () => (sent, next) => {
    const headers = new Headers(sent.headers)
    const shown = headers.get('authorization')
    if (shown !== null && readJwt(shown) !== undefined) headers.set('authorization', `Bearer ${shown}`)
    return next({ ...sent, headers })
  }),
  mutant(
    'rs-query',
    'takes tokens from the URL',
    () => async (sent, next) => (sent.url.searchParams.has('access_token') ? passes() : next(sent)),
  ),
  accepting('rs-altered', 'does not verify signatures', ({ claims }) => claims['sub'] === 'somebody else'),
  takingPublicKey(
    'as PEM, with a line feed at its end',
    ({ publicJwk }) => keyOf(publicJwk).export({ type: 'spki', format: 'pem' }),
    forger,
  ),
  takingPublicKey('as DER', ({ publicJwk }) => keyOf(publicJwk).export({ type: 'spki', format: 'der' }), forger),
  accepting('rs-unsigned', 'takes tokens that nobody signed', ({ header }) => header['alg'] === 'none'),
  accepting('rs-symmetric', 'takes the public key for a shared secret', ({ header }) => header['alg'] === 'HS256'),
  mutant('rs-own-key', 'takes any signature in the name of a known key', () => {
    const known = new Map<string, string>()
    return async (sent, next) => {
      const token = readJwt(tokenOf(sent))
      const [, payload = '', signature = ''] = tokenOf(sent).split('.')
      if (token === undefined || sent.headers.has('dpop') || tokenOf(sent).includes(' ')) return next(sent)
      const resigned = known.has(payload) && known.get(payload) !== signature && signature !== ''
      known.set(payload, known.get(payload) ?? signature)
      const named = token.header['kid'] !== undefined && token.header['alg'] === 'ES256'
      return resigned && named ? passes() : next(sent)
    }
  }),
  accepting('rs-embedded-key', 'takes the key of the token', ({ header }) => header['jwk'] !== undefined),
  accepting('rs-expired', 'takes tokens that have expired', ({ claims }) => Number(claims['exp']) < forger.now()),
  accepting('rs-not-before', 'takes tokens before their time', ({ claims }) => Number(claims['nbf']) > forger.now()),
  accepting('rs-issuer', 'compares the beginning of the issuer', ({ claims }) =>
    String(claims['iss']).startsWith(`${forger.issuer}.`),
  ),
  accepting('rs-unsigned', 'compares none as it is written', ({ header }) => header['alg'] === 'NONE'),
  accepting('rs-no-expiry', 'takes tokens without an end', ({ claims }) => claims['exp'] === undefined),
  accepting('rs-audience', 'takes tokens for other servers', ({ claims }) => String(claims['aud']).includes('other')),
  accepting('rs-audience-prefix', 'compares the beginning of the audience', ({ claims }) =>
    String(claims['aud']).endsWith('/conformance'),
  ),
  accepting('rs-no-audience', 'takes tokens for nobody', ({ claims }) => claims['aud'] === undefined),
  accepting('rs-issuer', 'takes tokens of other issuers', ({ claims }) => claims['iss'] !== forger.issuer),
  accepting('rs-type', 'takes any JWT for an access token', ({ header }) => header['typ'] === 'JWT'),
  mutant('rs-scope', 'lets calls through without their scope', () =>
    changeEndpoint((response) =>
      response.status === 403 && response.headers.has('www-authenticate') ? passes() : response,
    ),
  ),
  mutant('rs-scope-challenge', 'does not say where the metadata are when a scope is missing', () =>
    changeChallenge(
      (challenge) => challenge.replace(/,? ?resource_metadata="[^"]*"/g, ''),
      ({ status }) => status === 403,
    ),
  ),
  mutant('rs-step-up', 'breaks when a tool is called with its scope', () => async (sent, next) => {
    const response = await next(sent)
    return sent.body?.includes('tools/call') === true && response.ok ? new Response('Oops', { status: 500 }) : response
  }),
  mutant('rs-step-up', 'wants another scope than it says', () =>
    changeChallenge(
      (challenge) => challenge.replace(/scope="[^"]*"/g, 'scope="notes:other"'),
      ({ status }) => status === 403,
    ),
  ),
]

export const resourceMutants = (forger: Forger): readonly Mutant[] => [
  ...METADATA_MUTANTS,
  ...CHALLENGE_MUTANTS,
  ...tokenMutants(forger),
  ...boundTokenMutants(forger),
]
