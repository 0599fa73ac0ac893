/**
 * What another client, whose strictness is known, says of the same bytes: challenges, metadata, authorization responses and DPoP proofs,
 * generated. Where the two may differ, ours is the stricter one.
 *
 * @see RFC 9110 section 11.2
 * @see RFC 8414 section 3.3
 * @see RFC 9207 section 2.4
 * @see RFC 9449 section 4.2
 * @module
 */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { SignJWT } from 'jose'
import * as oauth from 'oauth4webapi'
import { verifyCallback } from '../../client/authorization/callback.ts'
import type { FlowRecord } from '../../client/authorization/flow.ts'
import { readServerMetadata } from '../../client/discovery/authorization-server.ts'
import { SallyportError } from '../../client/index.ts'
import { toContext } from '../../client/session/options.ts'
import { parseChallenges } from '../../shared/challenge.ts'
import { createDpopProof } from '../../shared/dpop/create-proof.ts'
import type { DpopAlgorithm } from '../../shared/dpop/public-key.ts'
import { generateDpopKey } from '../../shared/dpop/signing-key.ts'
import { s256 } from '../../shared/pkce.ts'

const ISSUER = 'https://as.example.com/tenant'
const RESOURCE = 'https://mcp.example.com/mcp'
/** The same cases each time. */
const RUNS = { numRuns: 300, seed: 20_261_120 }

describe('challenges', () => {
  const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,8}$/)
  const quoted = fc
    .stringMatching(/^[\x20-\x7e]{0,12}$/)
    .map((text) => [`"${text.replace(/["\\]/g, '\\$&')}"`, text] as const)
  const value = fc.oneof(
    token.map((text) => [text, text] as const),
    quoted,
  )
  const space = fc.constantFrom('', ' ', '\t', '  ')
  const name = fc.oneof(token, fc.constantFrom('scope', 'error', 'resource_metadata', 'Realm', 'X_SCOPE'))
  const param = fc.tuple(name, space, space, value)
  const params = fc.uniqueArray(param, { minLength: 1, maxLength: 4, selector: ([own]) => own.toLowerCase() })
  // The other one knows a further scheme by letters and digits only.
  const scheme = fc.oneof(fc.stringMatching(/^[A-Za-z0-9]{1,8}$/), fc.constantFrom('Bearer', 'DPoP', 'Basic', 'bEARER'))
  const challenge = fc.record({ scheme, params, comma: fc.constantFrom(', ', ',', ' ,\t') })

  const written = (
    challenges: readonly {
      scheme: string
      params: readonly (readonly [string, string, string, readonly [string, string]])[]
      comma: string
    }[],
  ) =>
    challenges
      .map(({ scheme: own, params: list, comma }) => {
        const text = list.map(([key, before, after, [raw]]) => `${key}${before}=${after}${raw}`).join(comma)
        return `${own} ${text}`
      })
      .join(', ')

  /** What the other one reads; it tells only when a protected resource answers so. */
  async function theirs(header: string) {
    const answer = async () => new Response(null, { status: 401, headers: { 'www-authenticate': header } })
    const refused = await oauth
      .protectedResourceRequest('token', 'GET', new URL(RESOURCE), undefined, undefined, {
        [oauth.customFetch]: answer,
      })
      .then(
        () => undefined,
        (error) => error,
      )
    return refused instanceof oauth.WWWAuthenticateChallengeError ? refused.cause : undefined
  }

  test('RFC 9110 section 11.6.1 what fits the grammar is read alike', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(challenge, { minLength: 1, maxLength: 3 }), async (challenges) => {
        const header = written(challenges)
        const expected = challenges.map(({ scheme: own, params: list }) => ({
          scheme: own.toLowerCase(),
          params: Object.fromEntries(list.map(([key, , , [, text]]) => [key.toLowerCase(), text])),
        }))
        const ours = parseChallenges(header).map((one) => ({ scheme: one.scheme, params: { ...one.params } }))
        expect(ours).toEqual(expected)
        const read = await theirs(header)
        expect<unknown>(read?.map((one) => ({ scheme: one.scheme, params: { ...one.parameters } }))).toEqual(expected)
      }),
      RUNS,
    )
  })

  test('whatever it is, nothing is made up: what both read they read alike', async () => {
    const piece = fc.constantFrom(
      'Bearer',
      ' ',
      ',',
      '=',
      '"',
      '\\',
      'scope',
      'a',
      'x_scope',
      'Basic',
      'YWJj==',
      '"a, b"',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 10 }), async (pieces) => {
        const header = pieces.join('').trim()
        const read = await theirs(header)
        const ours = parseChallenges(header)
        for (const { scheme: own, params: list } of ours) {
          // Each value stands in the header, quoted or not, behind its name.
          for (const [key, text] of Object.entries(list)) {
            expect(header.toLowerCase()).toContain(key)
            expect(header.replace(/\\(.)/g, '$1')).toContain(text)
          }
          expect(header.toLowerCase()).toContain(own)
        }
        const isPlain =
          read !== undefined && new Set(header.match(/\w+(?==)/g)).size === (header.match(/\w+(?==)/g) ?? []).length
        if (isPlain && read.every(({ token68 }) => token68 === undefined) && ours.length === read.length) {
          expect(ours.map(({ scheme: own }) => own)).toEqual(read.map(({ scheme: own }) => own))
        }
      }),
      RUNS,
    )
  })
})

describe('metadata', () => {
  const issuer = fc.constantFrom(
    ISSUER,
    `${ISSUER}/`,
    ISSUER.toUpperCase(),
    'https://as.example.com:443/tenant',
    'x',
    'https://evil.example',
  )
  const url = fc.constantFrom(
    ...Array.from({ length: 8 }, () => 'https://as.example.com/x'),
    'http://as.example.com/x',
    'https://10.0.0.1/x',
    'javascript:x',
    5,
  )
  const answer = fc.record({
    status: fc.constantFrom(200, 200, 200, 201, 204, 404, 500),
    type: fc.constantFrom('application/json', 'application/json; charset=utf-8', 'text/html', 'application/jwt'),
    body: fc.oneof(
      fc.record({
        issuer: fc.oneof({ weight: 3, arbitrary: fc.constant(ISSUER) }, { weight: 1, arbitrary: issuer }),
        authorization_endpoint: url,
        token_endpoint: url,
        code_challenge_methods_supported: fc.constantFrom(['S256'], ['plain'], ['plain', 'S256'], undefined),
      }),
      fc.jsonValue({ maxDepth: 1 }),
    ),
  })

  test('RFC 8414 section 3.3 what the other one refuses, ours refuses; and what ours takes is what it says', async () => {
    let taken = 0
    await fc.assert(
      fc.asyncProperty(answer, async ({ status, type, body }) => {
        const respond = () =>
          new Response(status === 204 ? null : JSON.stringify(body), { status, headers: { 'content-type': type } })
        const context = toContext(RESOURCE, { fetch: async () => respond(), now: () => 0 })
        const ours = await readServerMetadata(context, ISSUER).catch((error) => {
          if (!(error instanceof SallyportError)) throw error
          return undefined
        })
        const theirs = await oauth.processDiscoveryResponse(new URL(ISSUER), respond()).catch(() => undefined)
        if (theirs === undefined) expect(ours).toBeUndefined()
        if (ours === undefined) return
        taken += 1
        expect(ours.metadata.issuer).toBe(ISSUER)
        expect(theirs?.token_endpoint).toBe(ours.metadata.token_endpoint)
      }),
      { ...RUNS, numRuns: 2000 },
    )
    expect(taken).toBeGreaterThan(5)
  })
})

describe('authorization responses', () => {
  const flow = (promised: boolean): FlowRecord => ({
    generation: 'g',
    dropAfter: 600,
    state: 'the state',
    codeVerifier: 'v',
    issuer: ISSUER,
    server: {
      issuer: ISSUER,
      token_endpoint: 'https://as.example.com/token',
      authorization_response_iss_parameter_supported: promised,
    },
    sessionResource: RESOURCE,
    clientId: 'c',
    redirectUri: 'http://127.0.0.1/callback',
    scope: [],
    expiresAt: 600,
  })
  const one = fc.oneof(
    fc.tuple(
      fc.constant('iss'),
      fc.constantFrom(ISSUER, `${ISSUER}/`, ISSUER.toUpperCase(), '', 'https://evil.example'),
    ),
    fc.tuple(fc.constant('state'), fc.constantFrom('the state', 'THE STATE', '', 'another')),
    fc.tuple(fc.constant('code'), fc.constantFrom('the code', '')),
    fc.tuple(fc.constant('error'), fc.constantFrom('access_denied', 'server_error', '')),
    fc.tuple(fc.constant('foo'), fc.constantFrom('bar', '')),
  )
  const good = fc.constantFrom(['iss', ISSUER], ['state', 'the state'], ['code', 'the code'])
  const response = fc.array(fc.oneof({ weight: 2, arbitrary: good }, { weight: 1, arbitrary: one }), { maxLength: 5 })

  test('RFC 9207 section 2.4 taken by ours where the other one takes it, and nowhere else', async () => {
    let taken = 0
    fc.assert(
      fc.property(response, fc.boolean(), (entries, promised) => {
        const params = new URLSearchParams(entries.map(([key = '', text = '']) => [key, text]))
        const as = { issuer: ISSUER, authorization_response_iss_parameter_supported: promised }
        const theirs = ((): boolean => {
          try {
            oauth.validateAuthResponse(as, { client_id: 'c' }, params, 'the state')
            // It looks at the code when it is redeemed.
            return params.getAll('code').join() === 'the code'
          } catch {
            return false
          }
        })()
        const ours = verifyCallback(params, flow(promised), 0)
        // It takes no notice of an empty parameter beside another one; ours counts neither (RFC 6749 section 3.1).
        const hasEmpty = [...params.values()].includes('')
        if (!hasEmpty) expect(ours.ok).toBe(theirs)
        if (theirs) expect(ours.ok).toBe(true)
        if (ours.ok) taken += 1
      }),
      { ...RUNS, numRuns: 3000 },
    )
    expect(taken).toBeGreaterThan(50)
  })
})

describe('DPoP proofs', () => {
  const algorithms: readonly DpopAlgorithm[] = ['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA', 'Ed25519']

  test.each([...algorithms])(
    'RFC 9449 section 4.2 %s: the other one takes what ours signs, and nothing that was moved',
    async (alg) => {
      const key = await generateDpopKey(alg)
      const signer = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
      const now = Math.floor(Date.now() / 1000)
      const token = await new SignJWT({ cnf: { jkt: key.thumbprint }, client_id: 'c' })
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt' })
        .setIssuer(ISSUER)
        .setAudience(RESOURCE)
        .setSubject('ada')
        .setJti('1')
        .setIssuedAt(now)
        .setExpirationTime(now + 600)
        .sign(signer.privateKey)
      const jwks = { keys: [{ ...(await crypto.subtle.exportKey('jwk', signer.publicKey)), alg: 'ES256', use: 'sig' }] }
      const as = { issuer: ISSUER, jwks_uri: 'https://as.example.com/jwks' }
      const options = {
        requireDPoP: true,
        signingAlgorithms: ['ES256', alg],
        [oauth.customFetch]: async () => Response.json(jwks),
      }
      const tokenHash = await s256(token)
      const taken = (url: string, method: string, proof: string): Promise<boolean> => {
        const headers = { authorization: `DPoP ${token}`, dpop: proof }
        return oauth.validateJwtAccessToken(as, new Request(url, { method, headers }), RESOURCE, options).then(
          () => true,
          () => false,
        )
      }
      const url = fc.webUrl({ withQueryParameters: true, withFragments: true })
      await fc.assert(
        fc.asyncProperty(url, fc.constantFrom('GET', 'POST', 'DELETE', 'PUT'), async (at, method) => {
          const proof = await createDpopProof(key, { method, url: at, now, tokenHash })
          expect(await taken(at, method, proof)).toBe(true)
          expect(await taken(at, method === 'GET' ? 'POST' : 'GET', proof)).toBe(false)
          expect(await taken(`${new URL(at).origin}/moved`, method, proof)).toBe(new URL(at).pathname === '/moved')
        }),
        { ...RUNS, numRuns: 20 },
      )
    },
  )
})
