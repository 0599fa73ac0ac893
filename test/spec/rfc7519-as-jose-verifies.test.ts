/**
 * Our verification beside that of `jose`: the same tokens, by the thousand, and the same verdict on each. Ours may only be stricter, and only where
 * that is named here.
 *
 * @see docs/adr/0075-signatures-are-verified-on-this-thread.md
 *
 * @standard RFC 7519: JSON Web Token
 * @status used
 * @does access tokens
 * @module
 */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { base64url, createLocalJWKSet, decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose'
import * as v from 'valibot'
import { protectResource, type TokenProblem } from '../../server/resource/index.ts'
import { ASYMMETRIC_ALGORITHMS } from '../../server/resource/resource-options.ts'
import { AccessTokenClaims } from '../../shared/access-token.ts'
import {
  encodePart,
  publicJwkFor,
  SIGNATURE_NAMES,
  type SignatureName,
  signBytes,
  signCompact,
} from '../support/foreign-signer.ts'
import { ISSUER, RESOURCE } from '../support/resource-fixture.ts'

const NOW = 1_800_000_000
const TOLERANCE = 10
const CLAIMS = {
  iss: ISSUER,
  sub: 'alice',
  aud: RESOURCE,
  exp: NOW + 900,
  iat: NOW,
  jti: 'token-1',
  client_id: 'client-1',
  scope: 'notes:read',
}
const HEADER = { alg: 'ES256', typ: 'at+jwt', kid: 'p256' }

/** One key of each kind, one that is named twice, one for encryption, one without a name. */
const KEYS = {
  keys: [
    { ...publicJwkFor('ES256'), kid: 'p256', alg: 'ES256', use: 'sig' },
    { ...publicJwkFor('ES384'), kid: 'p384' },
    { ...publicJwkFor('ES512'), kid: 'p521' },
    { ...publicJwkFor('RS256'), kid: 'rsa' },
    { ...publicJwkFor('PS256'), kid: 'twice', alg: 'PS256' },
    { ...publicJwkFor('PS256'), kid: 'twice', alg: 'PS256' },
    { ...publicJwkFor('EdDSA'), kid: 'ed' },
    { ...publicJwkFor('ES256'), kid: 'enc', use: 'enc' },
    { ...publicJwkFor('RS512'), alg: 'RS512' },
  ],
}
const ALGORITHMS = ASYMMETRIC_ALGORITHMS.filter((name) => name !== 'PS384')

const resource = protectResource({
  resource: RESOURCE,
  authorizationServers: [ISSUER],
  jwksUri: `${ISSUER}/keys`,
  algorithms: ALGORITHMS,
  clockTolerance: TOLERANCE,
  fetch: async () => Response.json(KEYS),
  now: () => NOW,
})
const findKey = createLocalJWKSet(KEYS)

type Verdict = TokenProblem | 'accepted'

async function ours(token: string): Promise<string> {
  const verified = await resource.verify(token)
  return verified.ok ? 'accepted' : verified.error
}

/** The same verdict reached through `jose`. */
async function theirs(token: string): Promise<Verdict> {
  try {
    const { iss } = decodeJwt(token)
    if (typeof iss !== 'string') return 'malformed'
    if (iss !== ISSUER) return 'unknown_issuer'
    const { payload } = await jwtVerify(token, findKey, {
      algorithms: ALGORITHMS,
      typ: 'at+jwt',
      issuer: ISSUER,
      currentDate: new Date(NOW * 1000),
      clockTolerance: TOLERANCE,
    })
    if (payload['cnf'] !== undefined) return 'sender_constrained'
    if (!v.is(AccessTokenClaims, payload)) return 'missing_claim'
    return [payload.aud].flat().includes(RESOURCE) ? 'accepted' : 'wrong_audience'
  } catch (error) {
    const name = nameOf(error)
    // We look at the binding before the shape of the other claims.
    return name === 'missing_claim' && decodeJwt(token)['cnf'] !== undefined ? 'sender_constrained' : name
  }
}

function nameOf(error: unknown): Verdict {
  if (error instanceof errors.JWTExpired) return 'expired'
  if (error instanceof errors.JOSEAlgNotAllowed) return 'algorithm_not_allowed'
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'bad_signature'
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return 'unknown_key'
  if (!(error instanceof errors.JWTClaimValidationFailed)) return 'malformed'
  return error.claim === 'typ' ? 'wrong_type' : error.claim === 'nbf' ? 'not_yet_valid' : 'missing_claim'
}

/** Where ours is stricter: base64url in another spelling, any `crit`, header parameters of the wrong type. */
function isRefusedByUsAlone(token: string): boolean {
  const parts = token.split('.')
  if (parts.some((part) => base64url.encode(base64url.decode(part)) !== part)) return true
  const { crit, kid, typ } = decodeProtectedHeader(token)
  return crit !== undefined || ![kid, typ].every((value) => value === undefined || typeof value === 'string')
}

/** The same, or `malformed` where they found out later, or never will. */
async function compare(token: string): Promise<Verdict> {
  const [mine, jose] = await Promise.all([ours(token), theirs(token)])
  if (mine !== jose && !(mine === 'malformed' && (jose !== 'accepted' || isRefusedByUsAlone(token))))
    throw new Error(`we say ${mine}, jose says ${jose}: ${token}`)
  return jose
}

const absent = Symbol('absent')
const without = (members: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== absent))

/** Any JSON where a string or a number belongs, with some that nearly fit. */
const odd = fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constant(absent))
const near = (time: number) => fc.integer({ min: time - 2 * TOLERANCE, max: time + 2 * TOLERANCE })
/** One fault at a time tells more than many at once. */
const mostly = (value: unknown, ...others: readonly fc.MaybeWeightedArbitrary<unknown>[]): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 25, arbitrary: fc.constant(value) }, ...others)
/** More of what would else be so rare that a run could do without it. */
const often = <Value>(arbitrary: fc.Arbitrary<Value>): fc.MaybeWeightedArbitrary<Value> => ({ weight: 6, arbitrary })

const claims = fc
  .record({
    iss: mostly(ISSUER, odd, fc.constantFrom(`${ISSUER}/`, ISSUER.toUpperCase(), [ISSUER])),
    sub: mostly('alice', odd),
    aud: mostly(
      RESOURCE,
      odd,
      fc.constantFrom([RESOURCE], [`${RESOURCE}/`, RESOURCE], [RESOURCE, 1]),
      often(fc.constantFrom(`${RESOURCE}/`, [`${RESOURCE}/`], 'https://other.example')),
    ),
    exp: mostly(NOW + 900, odd, near(NOW), fc.double({ noNaN: true })),
    nbf: mostly(absent, odd, near(NOW)),
    // One that is no number is below: jose looks at it before `nbf`, and both refuse.
    iat: mostly(NOW, near(NOW), fc.constant(absent)),
    jti: mostly('token-1', odd),
    client_id: mostly('client-1', odd),
    scope: mostly('notes:read', odd),
    cnf: mostly(absent, odd, fc.constant({ jkt: 'x' })),
  })
  .map(without)

const kids = ['p256', 'p384', 'p521', 'rsa', 'twice', 'ed', 'enc', 'none', '', 'P256', absent]
const types = ['AT+JWT', 'application/at+jwt', 'Application/AT+jwt', 'JWT', 'at+jwt/', '/at+jwt', 'x/at+jwt', '']
const strangeAlgorithms = [
  'none',
  'None',
  '',
  'HS256',
  'ES256K',
  'es256',
  'PS384',
  'ML-DSA-44',
  'constructor',
  '__proto__',
]
const header = fc
  .record({
    alg: mostly('ES256', odd, fc.constantFrom(...SIGNATURE_NAMES), fc.constantFrom(...strangeAlgorithms)),
    typ: mostly('at+jwt', odd, fc.constantFrom(...types)),
    kid: mostly('p256', odd, fc.constantFrom(...kids)),
    crit: mostly(absent, odd, fc.constantFrom(['b64'], ['exp'], ['b64', 'b64'])),
    b64: mostly(absent, fc.boolean()),
    jwk: mostly(absent, fc.constant(publicJwkFor('RS256'))),
    cty: mostly(absent, fc.constant('JWT')),
  })
  .map(without)

const rightly: fc.Arbitrary<SignatureName> = fc.constant('ES256')
const signer = fc.oneof({ weight: 25, arbitrary: rightly }, fc.constantFrom(...SIGNATURE_NAMES))
const RUNS = { numRuns: 1000 }

const VERDICTS: readonly Verdict[] = [
  'accepted',
  'algorithm_not_allowed',
  'bad_signature',
  'expired',
  'malformed',
  'missing_claim',
  'not_yet_valid',
  'sender_constrained',
  'unknown_issuer',
  'unknown_key',
  'wrong_audience',
  'wrong_type',
]

describe('RFC 7519 section 7.2 the same verdict as jose', () => {
  test('on tokens of every shape', async () => {
    const verdicts = new Set<Verdict>()
    await fc.assert(
      fc.asyncProperty(header, claims, signer, async (head, body, name) => {
        verdicts.add(await compare(await signCompact(name, head, body)))
      }),
      RUNS,
    )
    // All were reached, or the comparison would say little.
    expect(VERDICTS.filter((verdict) => !verdicts.has(verdict))).toEqual([])
  })

  test('on times that are no numbers', async () => {
    for (const claim of ['exp', 'iat', 'nbf'])
      for (const value of [null, '1800000000', true, [], {}, ''])
        await compare(await signCompact('ES256', HEADER, { ...CLAIMS, [claim]: value }))
    for (const claim of ['exp', 'iat', 'nbf'])
      for (const value of ['1e999', '-1e999', '1e400', '-0', '1800000900.5'])
        await compare(await signCompact('ES256', HEADER, `${JSON.stringify(CLAIMS).slice(0, -1)},"${claim}":${value}}`))
  })

  test('on every algorithm with every key', async () => {
    for (const name of SIGNATURE_NAMES)
      for (const alg of [...SIGNATURE_NAMES, ...strangeAlgorithms])
        for (const kid of kids) await compare(await signCompact(name, without({ ...HEADER, alg, kid }), CLAIMS))
  })

  test('on a good token that lost or gained something', async () => {
    const good = await signCompact('ES256', HEADER, CLAIMS)
    expect(await compare(good)).toBe('accepted')
    const position = fc.nat({ max: good.length })
    const inserted = fc.oneof(
      fc.constantFrom('.', '=', ' ', '\n', '-', '_', '+', '/', 'A', '\0', 'é', '..', '===='),
      fc.string({ unit: 'binary', maxLength: 4 }),
    )
    await fc.assert(
      fc.asyncProperty(position, fc.nat({ max: 3 }), inserted, async (at, removed, text) => {
        await compare(good.slice(0, at) + text + good.slice(at + removed))
      }),
      RUNS,
    )
  })

  test('on signed bytes that are no claims', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.json().map((text) => new TextEncoder().encode(text)),
    )
    const bom = Uint8Array.of(0xef, 0xbb, 0xbf, ...new TextEncoder().encode(JSON.stringify(CLAIMS)))
    const sign = async (payload: Uint8Array): Promise<string> => {
      const input = `${encodePart(HEADER)}.${base64url.encode(payload)}`
      return `${input}.${base64url.encode(await signBytes('ES256', new TextEncoder().encode(input)))}`
    }
    expect(await compare(await sign(bom))).toBe('accepted')
    await fc.assert(
      fc.asyncProperty(bytes, async (payload) => void (await compare(await sign(payload)))),
      { ...RUNS, examples: [[Uint8Array.of(0xff)], [new TextEncoder().encode(`${JSON.stringify(CLAIMS)} `)]] },
    )
  })
})
