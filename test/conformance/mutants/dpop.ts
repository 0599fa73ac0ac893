/**
 * Servers that bind tokens to keys, but for one thing that they do not look at.
 *
 * @module
 */
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify } from 'jose'
import { createKeys, type Members, type ReadJws, readJwt, signJws } from '../../../conformance/jose/jws.ts'
import type { Mutation, Sent } from '../mutation.ts'
import {
  at,
  both,
  changeAnswer,
  changeJson,
  changeMetadata,
  errorAnswer,
  formOf,
  INTROSPECT,
  isGoodJson,
  type Mutant,
  mutant,
  withBody,
  withHeaders,
  without,
} from './mutant.ts'

const TOKEN = '/token'

/** A token as a server gives it that looked at nothing. */
const given = (): Response =>
  Response.json({ access_token: 'x', token_type: 'DPoP', expires_in: 60 }, { headers: { 'cache-control': 'no-store' } })

const proofOf = ({ headers }: Sent): string | null => headers.get('dpop')

/** Accepts the proofs that `overlooks` says, and leaves the others to the server. */
const accepting = (
  id: string,
  what: string,
  overlooks: (proof: ReadJws, text: string) => boolean | Promise<boolean>,
): Mutant =>
  mutant(`dpop-${id}`, what, () => async (sent, next) => {
    const text = at(sent, TOKEN) ? proofOf(sent) : null
    if (text === null) return next(sent)
    return (await overlooks(readJwt(text) ?? { header: {}, claims: { broken: true } }, text)) ? given() : next(sent)
  })

const lacks = (id: string, claim: string): Mutant =>
  accepting(
    id,
    `does not need ${claim} in a proof`,
    ({ claims }) => claims['broken'] !== true && claims[claim] === undefined,
  )

const keyOf = ({ header }: ReadJws): Members => ({ ...Object(header['jwk']) })

const isForged = (text: string): Promise<boolean> =>
  jwtVerify(text, EmbeddedJWK).then(
    () => false,
    (error: unknown) =>
      error instanceof Error && 'code' in error && error.code === 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
  )

/** Takes forged proofs where the form has this. */
const takingForged =
  (parameter: string): Mutation =>
  async (sent, next) =>
    at(sent, TOKEN) && formOf(sent).has(parameter) && (await isForged(proofOf(sent) ?? '')) ? given() : next(sent)

/** Longer than the one, shorter than the other. */
const BETWEEN = 1200
const away = ({ claims }: ReadJws, now: number): number => Number(claims['iat']) - now

const PROOF_MUTANTS = (now: () => number): readonly Mutant[] => [
  mutant('dpop-several', 'takes the first of two header lines', () => (sent, next) => {
    const [first, second] = sent.lines.filter(([name]) => name === 'dpop')
    if (!at(sent, TOKEN) || first === undefined || second === undefined) return next(sent)
    const headers = new Headers(sent.headers)
    headers.set('dpop', first[1])
    return next({ ...sent, headers })
  }),
  mutant('dpop-joined', 'takes the first of two proofs in one line', () => async (sent, next) => {
    const isJoined = sent.lines.length === 0 && proofOf(sent)?.includes(', ') === true
    return at(sent, TOKEN) && isJoined ? given() : next(sent)
  }),
  accepting('not-jwt', 'takes anything for a proof', (_, text) => text === 'conformance'),
  lacks('no-jti', 'jti'),
  lacks('no-htm', 'htm'),
  lacks('no-htu', 'htu'),
  lacks('no-iat', 'iat'),
  accepting('type', 'takes any JWT for a proof', ({ header }) => header['typ'] === 'JWT'),
  accepting(
    'no-type',
    'takes JWTs of no type for proofs',
    ({ header, claims }) => claims['broken'] !== true && header['typ'] === undefined,
  ),
  accepting(
    'no-algorithm',
    'takes proofs of no algorithm',
    ({ header, claims }) => claims['broken'] !== true && header['alg'] === undefined,
  ),
  accepting('none', 'takes proofs that nobody signed', ({ header }) => header['alg'] === 'none'),
  accepting('symmetric', 'takes proofs with a shared key', ({ header }) => header['alg'] === 'HS256'),
  accepting(
    'no-key',
    'needs no key in a proof',
    ({ header, claims }) => claims['broken'] !== true && header['jwk'] === undefined,
  ),
  accepting('private-key', 'takes proofs with a private key', (proof) => keyOf(proof)['d'] !== undefined),
  accepting('method', 'does not compare the method', ({ claims }) => claims['htm'] === 'GET'),
  accepting('url', 'compares the beginning of the URL', ({ claims }) => String(claims['htu']).endsWith('/conformance')),
  accepting('scheme', 'does not compare the scheme of the URL', ({ claims }) =>
    String(claims['htu']).startsWith('http:'),
  ),
  accepting('other-host', 'compares the end of the URL', ({ claims }) => String(claims['htu']).includes('attacker')),
  mutant('dpop-method', 'answers another method with a nonce that nobody needs', () => async (sent, next) => {
    const isOther = at(sent, TOKEN) && readJwt(proofOf(sent) ?? '')?.claims['htm'] === 'GET'
    return isOther
      ? Response.json({ error: 'use_dpop_nonce' }, { status: 400, headers: { 'dpop-nonce': 'another' } })
      : next(sent)
  }),
  accepting('old', 'takes old proofs', (proof) => away(proof, now()) < -BETWEEN),
  accepting('future', 'takes proofs from the future', (proof) => away(proof, now()) > BETWEEN),
  accepting('window', 'takes proofs of a quarter of an hour', (proof) => {
    const age = -away(proof, now())
    return age > 300 && age < BETWEEN
  }),
  accepting('window', 'takes proofs from a quarter of an hour ahead', (proof) => {
    const ahead = away(proof, now())
    return ahead > 300 && ahead < BETWEEN
  }),
  mutant('dpop-clock', 'wants clocks to agree to the second', () => async (sent, next) => {
    const proof = at(sent, TOKEN) ? readJwt(proofOf(sent) ?? '') : undefined
    return proof !== undefined && away(proof, now()) > 2 && away(proof, now()) < 60
      ? errorAnswer('invalid_dpop_proof')
      : next(sent)
  }),
  mutant('dpop-signature', 'does not verify proofs', () => takingForged('code')),
  mutant('dpop-refresh-signature', 'does not verify the proofs of those who refresh', () =>
    takingForged('refresh_token'),
  ),
  mutant('dpop-replay', 'takes a proof again and again', () => {
    const seen = new Set<string>()
    return async (sent, next) => {
      const proof = at(sent, TOKEN) ? proofOf(sent) : null
      if (proof === null) return next(sent)
      if (seen.has(proof)) return given()
      seen.add(proof)
      return next(sent)
    }
  }),
]

const mutantKeys = await createKeys()

const announcing = (what: string, algorithms: unknown): Mutant =>
  mutant('dpop-metadata', what, () =>
    changeMetadata((members) => ({ ...members, dpop_signing_alg_values_supported: algorithms })),
  )

const BINDING_MUTANTS: readonly Mutant[] = [
  announcing('announces its algorithms in a string', 'ES256'),
  announcing('announces no algorithm', []),
  announcing('announces numbers', [256, 384]),
  announcing('announces unsigned proofs', ['ES256', 'none']),
  announcing('announces nothing in particular', ['ES256', '']),
  announcing('announces algorithms of encryption', ['ES256', 'A128KW', 'dir']),
  announcing('announces algorithms in small letters', ['ES256', 'es384']),
  mutant('dpop-metadata', 'offers symmetric algorithms', () =>
    changeMetadata((members) => ({
      ...members,
      dpop_signing_alg_values_supported: [...[members['dpop_signing_alg_values_supported']].flat(), 'HS256'],
    })),
  ),
  mutant(
    'dpop-accepted',
    'refuses all proofs with ES256',
    () => async (sent, next) =>
      at(sent, TOKEN) && readJwt(proofOf(sent) ?? '')?.header['alg'] === 'ES256'
        ? errorAnswer('invalid_dpop_proof')
        : next(sent),
  ),
  mutant('dpop-token-type', 'says Bearer of bound tokens', () =>
    changeJson(
      TOKEN,
      (members) => ({ ...members, token_type: 'Bearer' }),
      (response, sent) => isGoodJson(response) && formOf(sent).has('code'),
    ),
  ),
  mutant('dpop-binding', 'binds tokens to another key', () =>
    changeAnswer(TOKEN, async (response, sent) => {
      const isBound = response.ok && proofOf(sent) !== null && formOf(sent).has('code')
      if (!isBound) return response
      const members = await response.json()
      const read = readJwt(members.access_token) ?? { header: {}, claims: {} }
      const claims = { ...read.claims, cnf: { jkt: mutantKeys.thumbprint } }
      const access_token = await signJws(read.header, claims, mutantKeys.privateKey, 'ES256')
      return withBody(response, JSON.stringify({ ...members, access_token }))
    }),
  ),
  mutant('dpop-introspection', 'tells of bound tokens as of others', () =>
    changeJson(INTROSPECT, (members) => without(members, 'cnf')),
  ),
  mutant('dpop-algorithms', 'offers algorithms that it does not know', () => async (sent, next) => {
    const alg = readJwt(proofOf(sent) ?? '')?.header['alg']
    const offered = ['RS256'].includes(String(alg))
    return at(sent, TOKEN) && offered ? errorAnswer('invalid_dpop_proof') : next(sent)
  }),
  mutant('dpop-code-same-key', 'redeems no code that is bound to a key', () => {
    const bound = new Set<string>()
    return both(rememberingBoundCodes(bound), async (sent, next) => {
      const isBound = at(sent, TOKEN) && bound.has(formOf(sent).get('code') ?? '')
      return isBound ? errorAnswer('invalid_grant') : next(sent)
    })
  }),
  mutant('dpop-registration-with-proof', 'gives nothing to clients that want bound tokens only', () => {
    const bound = new Set<string>()
    return async (sent, next) => {
      if (at(sent, TOKEN) && bound.has(formOf(sent).get('client_id') ?? '')) return errorAnswer('invalid_dpop_proof')
      const response = await next(sent)
      if (sent.body?.includes('dpop_bound_access_tokens') === true)
        bound.add((await response.clone().json())['client_id'])
      return response
    }
  }),
  mutant('dpop-code-bound', 'does not ask whose key a code is bound to', () => {
    const bound = new Set<string>()
    return both(rememberingBoundCodes(bound), async (sent, next) => {
      const isBound = at(sent, TOKEN) && bound.has(formOf(sent).get('code') ?? '')
      return isBound && proofOf(sent) !== null ? given() : next(sent)
    })
  }),
  mutant('dpop-code-without-proof', 'needs no proof for a bound code', () => {
    const bound = new Set<string>()
    return both(rememberingBoundCodes(bound), async (sent, next) => {
      const isBound = at(sent, TOKEN) && bound.has(formOf(sent).get('code') ?? '')
      return isBound && proofOf(sent) === null ? given() : next(sent)
    })
  }),
  mutant(
    'dpop-refresh',
    'refreshes no bound tokens',
    () => async (sent, next) =>
      at(sent, TOKEN) && proofOf(sent) !== null && formOf(sent).has('refresh_token')
        ? errorAnswer('invalid_grant')
        : next(sent),
  ),
  mutant('dpop-refresh', 'says Bearer of bound tokens when it refreshes', () =>
    changeJson(
      TOKEN,
      (members) => ({ ...members, token_type: 'Bearer' }),
      (response, sent) => isGoodJson(response) && proofOf(sent) !== null && formOf(sent).has('refresh_token'),
    ),
  ),
  mutant('dpop-refresh-other-key', 'does not ask whose key a refresh token is bound to', () =>
    knowingBindings(
      (boundTo, thumbprint) => boundTo !== undefined && thumbprint !== undefined && boundTo !== thumbprint,
    ),
  ),
  mutant('dpop-refresh-without-proof', 'needs no proof for a bound refresh token', () =>
    knowingBindings((boundTo, thumbprint) => boundTo !== undefined && thumbprint === undefined),
  ),
  mutant('dpop-registration', 'forgets what clients registered', () => {
    const bound = new Set<string>()
    return async (sent, next) => {
      const form = formOf(sent)
      if (at(sent, TOKEN) && bound.has(form.get('client_id') ?? '') && proofOf(sent) === null) return given()
      const response = await next(sent)
      if (sent.body?.includes('dpop_bound_access_tokens') === true)
        bound.add((await response.clone().json())['client_id'])
      return response
    }
  }),
  mutant('dpop-registration', 'does not register that tokens are to be bound', () => async (sent, next) => {
    const response = await next(sent)
    if (sent.body?.includes('dpop_bound_access_tokens') !== true) return response
    const { dpop_bound_access_tokens: _, ...members } = await response.json()
    return withBody(response, JSON.stringify(members))
  }),
  mutant('dpop-cors', 'allows no proofs of scripts', () =>
    changeAnswer(
      TOKEN,
      (response) =>
        withHeaders(response, (headers) => headers.set('access-control-allow-headers', 'Authorization, Content-Type')),
      ({ method }) => method === 'OPTIONS',
    ),
  ),
]

function rememberingBoundCodes(bound: Set<string>): Mutation {
  let isBound = false
  return async (sent, next) => {
    // Some go by other URLs before they give the code.
    if (sent.url.searchParams.has('client_id')) isBound = sent.url.searchParams.has('dpop_jkt')
    const response = await next(sent)
    const code = URL.parse(response.headers.get('location') ?? '')?.searchParams.get('code')
    if (isBound && typeof code === 'string') bound.add(code)
    return response
  }
}

/** Refreshes whatever `overlooks` says, of the key that the token is bound to and the one that is shown. */
function knowingBindings(overlooks: (boundTo: string | undefined, shown: string | undefined) => boolean): Mutation {
  const keys = new Map<string, string>()
  return async (sent, next) => {
    if (!at(sent, TOKEN)) return next(sent)
    const { jwk } = readJwt(proofOf(sent) ?? '')?.header ?? {}
    const thumbprint = jwk === undefined ? undefined : await calculateJwkThumbprint(Object(jwk))
    if (overlooks(keys.get(formOf(sent).get('refresh_token') ?? ''), thumbprint)) return given()
    const response = await next(sent)
    const issued = response.ok && sent.method === 'POST' ? (await response.clone().json())['refresh_token'] : undefined
    if (thumbprint !== undefined && typeof issued === 'string') keys.set(issued, thumbprint)
    return response
  }
}

/** `now`: what the server takes for it, in seconds. */
export const dpopMutants = (now: () => number): readonly Mutant[] => [...BINDING_MUTANTS, ...PROOF_MUTANTS(now)]

/** Made of a server that wants nonces. */
export const NONCE_MUTANTS: readonly Mutant[] = [
  mutant('dpop-nonce-demanded', 'asks for a nonce with the wrong status', () =>
    changeAnswer(TOKEN, async (response) => {
      const wanted = response.status === 400 && (await response.clone().json())['error'] === 'use_dpop_nonce'
      return wanted ? withBody(response, await response.text(), 401) : response
    }),
  ),
  mutant('dpop-nonce-accepted', 'takes none of its own nonces', () => async (sent, next) => {
    const nonce = readJwt(proofOf(sent) ?? '')?.claims['nonce']
    if (!at(sent, TOKEN) || nonce === undefined || nonce === 'conformance-made-this-up') return next(sent)
    return Response.json({ error: 'use_dpop_nonce' }, { status: 400, headers: { 'dpop-nonce': 'another' } })
  }),
  mutant('dpop-nonce-stale', 'takes old nonces', () => {
    const first = new Map<unknown, number>()
    return async (sent, next) => {
      const { nonce, iat } = readJwt(proofOf(sent) ?? '')?.claims ?? {}
      const isOld = at(sent, TOKEN) && Number(iat) - (first.get(nonce) ?? Number.POSITIVE_INFINITY) > 60
      if (nonce !== undefined && isOld) return given()
      const response = await next(sent)
      const offered = response.headers.get('dpop-nonce')
      if (offered !== null && !first.has(offered)) first.set(offered, Number(iat))
      return response
    }
  }),
  mutant('dpop-nonce-stale', 'gives a nonce for an old one that it does not take', () => async (sent, next) => {
    const response = await next(sent)
    const hasNonce = readJwt(proofOf(sent) ?? '')?.claims['nonce'] !== undefined
    return at(sent, TOKEN) && hasNonce && !response.ok
      ? withHeaders(response, (headers) => headers.set('dpop-nonce', 'of-no-use'))
      : response
  }),
  mutant('dpop-nonce-stale', 'gives no new nonce for an old one', () => async (sent, next) => {
    const response = await next(sent)
    const hasNonce = readJwt(proofOf(sent) ?? '')?.claims['nonce'] !== undefined
    return at(sent, TOKEN) && hasNonce && !response.ok
      ? withHeaders(response, (headers) => headers.delete('dpop-nonce'))
      : response
  }),
  mutant('dpop-nonce-exposed', 'keeps its nonces from scripts', () =>
    changeAnswer(TOKEN, (response) =>
      withHeaders(response, (headers) => headers.set('access-control-expose-headers', 'X-DPoP-Nonce, Retry-After')),
    ),
  ),
  accepting(
    'nonce-wrong',
    'takes nonces that it never gave',
    ({ claims }) => claims['nonce'] === 'conformance-made-this-up',
  ),
]
