/**
 * Resource servers that know tokens which are bound to keys, but for one thing that they do not look at.
 *
 * @module
 */
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify } from 'jose'
import { type ReadJws, readJwt } from '../../../conformance/jose/jws.ts'
import { hashOf } from '../../../conformance/jose/proof.ts'
import type { Sent } from '../mutation.ts'
import { changeJson, type Mutant, mutant, withHeaders } from './mutant.ts'
import {
  changeChallenge,
  changeEndpoint,
  changePreflight,
  type Forger,
  PRM,
  passes,
  tokenOf,
  unauthorized,
} from './resource-mutant.ts'

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

export const boundTokenMutants = (forger: Forger): readonly Mutant[] => [
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
  acceptingProof('no-algorithm', 'takes proofs of no algorithm', ({ header }) => header['alg'] === undefined),
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
  acceptingProof('scheme', 'does not compare the scheme of the URL', ({ claims }) =>
    String(claims['htu']).startsWith('http:'),
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

/** Of a server that wants nonces. */
export const RESOURCE_NONCE_MUTANTS: readonly Mutant[] = [
  mutant('rs-dpop-nonce-exposed', 'keeps its nonces from scripts', () =>
    changeEndpoint((response) =>
      withHeaders(response, (headers) => headers.set('access-control-expose-headers', 'WWW-Authenticate')),
    ),
  ),
]
