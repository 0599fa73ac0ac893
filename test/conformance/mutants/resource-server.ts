/**
 * Broken resource servers: a good one that overlooks one thing, or says one thing wrong.
 *
 * @module
 */
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify } from 'jose'
import { type Members, type ReadJws, readJwt } from '../../../conformance/jose/jws.ts'
import { hashOf } from '../../../conformance/jose/proof.ts'
import type { Mutation, Sent } from '../mutation.ts'
import { changeAnswer, changeJson, type Mutant, mutant, withHeaders, without } from './mutant.ts'

const PRM = '/.well-known/oauth-protected-resource/mcp'
const ENDPOINT = '/mcp'

const isEndpoint = ({ url }: Sent): boolean => url.pathname === ENDPOINT

/** The endpoint's answers, changed. */
const changeEndpoint = (change: (response: Response, sent: Sent) => Response | Promise<Response>): Mutation =>
  changeAnswer(ENDPOINT, change, isEndpoint)

const changeChallenge = (
  change: (challenge: string) => string | null,
  applies: (response: Response, sent: Sent) => boolean = () => true,
): Mutation =>
  changeEndpoint((response, sent) => {
    const challenge = response.headers.get('www-authenticate')
    if (challenge === null || !applies(response, sent)) return response
    return withHeaders(response, (headers) => {
      const changed = change(challenge)
      if (changed === null) headers.delete('www-authenticate')
      else headers.set('www-authenticate', changed)
    })
  })

const tokenOf = ({ headers }: Sent): string => headers.get('authorization')?.replace(/^\S+ /, '') ?? ''

/** Who knows how to make a good token. */
export interface Forger {
  readonly issuer: string
  readonly now: () => number
}

const unauthorized = (challenge: string): Response =>
  new Response(null, { status: 401, headers: { 'www-authenticate': challenge } })

const changePreflight = (change: (headers: Headers) => void): Mutation =>
  changeEndpoint((response, { method }) => (method === 'OPTIONS' ? withHeaders(response, change) : response))

const passes = (): Response => Response.json({ jsonrpc: '2.0', id: 1, result: {} })

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

/** Accepts requests with proofs that `overlooks` says: the proof as far as it can be read, and the header as it came. */
const overlooking = (
  id: string,
  what: string,
  overlooks: (proof: ReadJws | undefined, token: ReadJws, sent: Sent) => boolean | Promise<boolean>,
): Mutant =>
  mutant(`rs-dpop-${id}`, what, () => async (sent, next) => {
    const token = sent.headers.has('dpop') ? readJwt(tokenOf(sent)) : undefined
    const proof = readJwt(sent.headers.get('dpop') ?? '')
    return token !== undefined && (await overlooks(proof, token, sent)) ? passes() : next(sent)
  })

const acceptingProof = (
  id: string,
  what: string,
  overlooks: (proof: ReadJws, token: ReadJws, sent: Sent) => boolean | Promise<boolean>,
): Mutant => overlooking(id, what, (proof, ...rest) => proof !== undefined && overlooks(proof, ...rest))

const lacks = (claim: string): Mutant =>
  acceptingProof(`no-${claim}`, `does not need ${claim} in a proof`, ({ claims }) => claims[claim] === undefined)

const isForged = (text: string): Promise<boolean> =>
  jwtVerify(text, EmbeddedJWK).then(
    () => false,
    (error: unknown) =>
      error instanceof Error && 'code' in error && error.code === 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
  )

const boundTo = ({ claims }: ReadJws): unknown => Object(claims['cnf']).jkt

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
  mutant('rs-metadata-preflight', 'does not answer preflights for its metadata', () =>
    changeAnswer(
      PRM,
      () => new Response(null, { status: 405 }),
      ({ method }) => method === 'OPTIONS',
    ),
  ),
]

const CHALLENGE_MUTANTS: readonly Mutant[] = [
  mutant('rs-401', 'answers 403 to whoever has no token', () =>
    changeEndpoint(async (response, sent) =>
      response.status === 401 && !sent.headers.has('authorization') && !sent.headers.has('origin')
        ? new Response(response.body, { status: 403, headers: response.headers })
        : response,
    ),
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
  mutant('rs-preflight', 'wants a token of preflights', () =>
    changeEndpoint((response, { method }) => (method === 'OPTIONS' ? unauthorized('Bearer') : response)),
  ),
  mutant('rs-origin', 'takes requests of any page', () => (sent, next) => {
    const headers = new Headers(sent.headers)
    if (headers.get('origin') === 'https://attacker.example') headers.delete('origin')
    return next({ ...sent, headers })
  }),
  mutant(
    'rs-garbage',
    'breaks when a token cannot be read',
    () => async (sent, next) =>
      isEndpoint(sent) && tokenOf(sent) === 'conformance' ? new Response('Oops', { status: 500 }) : next(sent),
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
  mutant(
    'rs-query',
    'takes tokens from the URL',
    () => async (sent, next) => (sent.url.searchParams.has('access_token') ? passes() : next(sent)),
  ),
  accepting('rs-altered', 'does not verify signatures', ({ claims }) => claims['sub'] === 'somebody else'),
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

const dpopMutants = (forger: Forger): readonly Mutant[] => [
  mutant(
    'rs-dpop',
    'refuses all proofs',
    () => async (sent, next) =>
      sent.headers.has('dpop') ? unauthorized('DPoP error="invalid_dpop_proof", algs="ES256"') : next(sent),
  ),
  mutant('rs-dpop-as-bearer', 'takes bound tokens as Bearer', () => async (sent, next) => {
    const token = readJwt(tokenOf(sent))
    const asBearer = sent.headers.get('authorization')?.startsWith('Bearer ') === true
    return asBearer && token !== undefined && boundTo(token) !== undefined ? passes() : next(sent)
  }),
  mutant('rs-dpop-no-proof', 'needs no proof', () => async (sent, next) => {
    const withoutProof = sent.headers.get('authorization')?.startsWith('DPoP ') === true && !sent.headers.has('dpop')
    return withoutProof ? passes() : next(sent)
  }),
  acceptingProof('unbound', 'takes tokens that are bound to nothing', (_, token) => boundTo(token) === undefined),
  mutant('rs-dpop-challenge', 'does not say which algorithms it takes', () =>
    changeChallenge(
      (challenge) => challenge.replace(/,? ?algs="[^"]*"/g, ''),
      ({ status }) => status === 401,
    ),
  ),
  mutant('rs-dpop-metadata', 'announces symmetric algorithms', () =>
    changeJson(PRM, (members) => ({ ...members, dpop_signing_alg_values_supported: ['ES256', 'HS256'] })),
  ),
  mutant('rs-dpop-metadata', 'announces its algorithms in a string', () =>
    changeJson(PRM, (members) => ({ ...members, dpop_signing_alg_values_supported: 'ES256' })),
  ),
  mutant('rs-dpop-metadata', 'says in a string that it needs no proofs', () =>
    changeJson(PRM, (members) => ({ ...members, dpop_bound_access_tokens_required: 'false' })),
  ),
  mutant('rs-dpop-several', 'takes the first of two header lines', () => (sent, next) => {
    const [first, second] = sent.lines.filter(([name]) => name === 'dpop')
    if (first === undefined || second === undefined) return next(sent)
    const headers = new Headers(sent.headers)
    headers.set('dpop', first[1])
    return next({ ...sent, headers })
  }),
  overlooking(
    'joined',
    'takes the first of two proofs in one line',
    (_, __, { headers, lines }) => lines.length === 0 && headers.get('dpop')?.includes(', ') === true,
  ),
  overlooking('not-jwt', 'takes anything for a proof', (_, __, { headers }) => headers.get('dpop') === 'conformance'),
  lacks('jti'),
  lacks('htm'),
  lacks('htu'),
  lacks('iat'),
  acceptingProof('type', 'takes any JWT for a proof', ({ header }) => header['typ'] === 'JWT'),
  acceptingProof('no-type', 'takes JWTs of no type for proofs', ({ header }) => header['typ'] === undefined),
  acceptingProof('none', 'takes proofs that nobody signed', ({ header }) => header['alg'] === 'none'),
  acceptingProof('symmetric', 'takes proofs with a shared key', ({ header }) => header['alg'] === 'HS256'),
  acceptingProof('no-key', 'needs no key in a proof', ({ header }) => header['jwk'] === undefined),
  acceptingProof(
    'private-key',
    'takes proofs with a private key',
    ({ header }) => Object(header['jwk']).d !== undefined,
  ),
  acceptingProof('signature', 'does not verify proofs', (_, __, { headers }) => isForged(headers.get('dpop') ?? '')),
  acceptingProof('method', 'does not compare the method', ({ claims }) => claims['htm'] === 'GET'),
  acceptingProof('url', 'compares the beginning of the URL', ({ claims }) =>
    String(claims['htu']).endsWith('/conformance'),
  ),
  acceptingProof('other-host', 'does not compare the host', ({ claims }) => String(claims['htu']).includes('attacker')),
  acceptingProof('no-hash', 'needs no hash of the token', ({ claims }) => claims['ath'] === undefined),
  acceptingProof('other-hash', 'does not compare the hash of the token', ({ claims }) => claims['ath'] === OTHER_HASH),
  acceptingProof('other-key', 'does not compare the key', async ({ header }, token, { headers }) => {
    if (header['jwk'] === undefined || header['alg'] !== 'ES256') return false
    const bound = boundTo(token)
    const shown = await calculateJwkThumbprint(Object(header['jwk']))
    return bound !== undefined && bound !== shown && !(await isForged(headers.get('dpop') ?? ''))
  }),
  acceptingProof('old', 'takes old proofs', ({ claims }) => Number(claims['iat']) < forger.now() - 1200),
  acceptingProof('future', 'takes proofs from the future', ({ claims }) => Number(claims['iat']) > forger.now() + 1200),
  mutant('rs-dpop-clock', 'wants clocks to agree to the second', () => async (sent, next) => {
    const iat = Number(readJwt(sent.headers.get('dpop') ?? '')?.claims['iat'])
    const isAhead = iat > forger.now() + 2 && iat < forger.now() + 60
    return isAhead ? unauthorized('DPoP error="invalid_dpop_proof", algs="ES256"') : next(sent)
  }),
  mutant('rs-dpop-cors', 'allows no proofs of scripts', () =>
    changePreflight((headers) =>
      headers.set('access-control-allow-headers', 'Authorization, Content-Type, MCP-Protocol-Version'),
    ),
  ),
  mutant('rs-dpop-replay', 'takes a proof again and again', () => {
    const seen = new Set<unknown>()
    return async (sent, next) => {
      const jti = readJwt(sent.headers.get('dpop') ?? '')?.claims['jti']
      if (seen.has(jti)) return passes()
      if (jti !== undefined) seen.add(jti)
      return next(sent)
    }
  }),
]

/** The hash of the word "another". */
const OTHER_HASH = await hashOf('another')

export const resourceMutants = (forger: Forger): readonly Mutant[] => [
  ...METADATA_MUTANTS,
  ...CHALLENGE_MUTANTS,
  ...tokenMutants(forger),
  ...dpopMutants(forger),
]

/** Of a server that wants nonces. */
export const RESOURCE_NONCE_MUTANTS: readonly Mutant[] = [
  mutant('rs-dpop-nonce-exposed', 'keeps its nonces from scripts', () =>
    changeEndpoint((response) =>
      withHeaders(response, (headers) => headers.set('access-control-expose-headers', 'WWW-Authenticate')),
    ),
  ),
]
