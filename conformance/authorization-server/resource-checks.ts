/**
 * For whom a token is, and what an access token that can be read says.
 *
 * @see RFC 8707 section 2
 * @see RFC 9068 section 2
 * @module
 */
import { createLocalJWKSet, jwtVerify } from 'jose'
import { expectThat, pass, problem, skip } from '../core/check.ts'
import { backed } from '../core/controls.ts'
import { type Members, type ReadJws, readJwt } from '../jose/jws.ts'
import type { AsContext } from './context.ts'
import { claimsOf } from './introspection.ts'
import { type AsCheck, redirectedWith, refused } from './judge.ts'

const INDICATORS = { spec: 'RFC 8707', level: 'must' } as const
const PROFILE = { spec: 'RFC 9068', level: 'must' } as const

const readToken = async (ctx: AsContext): Promise<ReadJws & { readonly token: string }> => {
  const { accessToken } = await ctx.tokens()
  const read = readJwt(accessToken) ?? skip('access tokens are opaque')
  return { ...read, token: accessToken }
}

/** For whom an access token is, as it says itself or as introspection does, which need not (RFC 7662 section 2.2). */
async function audiencesOf(ctx: AsContext): Promise<readonly unknown[]> {
  const tokens = await ctx.tokens()
  const { aud } = await claimsOf(ctx, tokens)
  const isOpaque = readJwt(tokens.accessToken) === undefined
  if (aud === undefined) return isOpaque ? skip('introspection does not say for whom a token is') : []
  return [aud].flat()
}

const resourceOf = async (ctx: AsContext): Promise<string> =>
  (await ctx.wanted()).resource ?? skip('no resource is known: name one with --indicator')

const MEMBERS = ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti']

export const RESOURCE_CHECKS: readonly AsCheck[] = [
  {
    ...INDICATORS,
    id: 'resource-audience',
    title: 'The audience of an access token is the resource that was asked for',
    section: 'section 2.2',
    mend: 'Put the value of the resource parameter into aud. MCP servers must refuse tokens that are not for them.',
    async run(ctx) {
      const [resource, audiences, { answer }] = [await resourceOf(ctx), await audiencesOf(ctx), await ctx.tokens()]
      return expectThat(audiences.includes(resource), `aud ${resource}`, answer, `aud ${JSON.stringify(audiences)}`)
    },
  },
  {
    ...INDICATORS,
    level: 'should',
    id: 'resource-audience-only',
    title: 'An access token is for nobody besides',
    section: 'section 2',
    mend: 'Leave out of aud what was not asked for: each further audience is a server that can use the token at the others.',
    async run(ctx) {
      const [resource, audiences, { answer }] = [await resourceOf(ctx), await audiencesOf(ctx), await ctx.tokens()]
      if (!audiences.includes(resource)) return skip('the token is not for this resource')
      return expectThat(audiences.length === 1, `aud ${resource}`, answer, `aud ${JSON.stringify(audiences)}`)
    },
  },
  {
    ...INDICATORS,
    id: 'resource-unknown',
    title: 'A resource that the server does not serve is refused: with invalid_target, where the client is told',
    section: 'section 2',
    mend: 'Keep a list of resources and refuse others with invalid_target, or tokens can be had for whatever somebody makes up.',
    run: async (ctx) =>
      redirectedWith(await ctx.tryAuthorize({ resource: 'https://unknown.example/mcp' }), 'invalid_target'),
  },
  {
    ...INDICATORS,
    id: 'resource-fragment',
    title: 'A resource with a fragment is refused: with invalid_target, where the client is told',
    section: 'section 2',
    mend: 'Refuse resource values that are not absolute URIs, or have a fragment.',
    run: async (ctx) =>
      redirectedWith(await ctx.tryAuthorize({ resource: `${await resourceOf(ctx)}#fragment` }), 'invalid_target'),
  },
  {
    ...INDICATORS,
    id: 'resource-other-at-token',
    title: 'A code is refused for another resource than it was authorized for',
    section: 'section 2.2',
    mend: 'Keep the resource with the code; the token request may repeat or narrow it and no more.',
    async run(ctx) {
      await resourceOf(ctx)
      const answer = await ctx.redeem(await ctx.code(), { resource: 'https://unknown.example/mcp' })
      return backed(refused(answer, 'invalid_target', 'invalid_grant'), ctx.redeems)
    },
  },
  {
    ...PROFILE,
    id: 'token-jwt-claims',
    title: 'A JWT access token has the claims that it must have, and they are right',
    section: 'section 2.2',
    mend: `Put ${MEMBERS.join(', ')} into access tokens; iss is the issuer, byte for byte.`,
    async run(ctx) {
      const [{ claims }, { answer, client }] = [await readToken(ctx), await ctx.tokens()]
      const now = ctx.options.now()
      const missing = MEMBERS.filter((name) => claims[name] === undefined)
      if (missing.length > 0) return problem('all of them', answer, `no ${missing.join(', ')}`)
      const wrong = Object.entries({
        iss: claims['iss'] === ctx.options.issuer,
        client_id: claims['client_id'] === client.id,
        exp: Number(claims['exp']) > now && !outlives(claims['exp'], answer.json['expires_in'], now),
        iat: Math.abs(Number(claims['iat']) - now) < LEEWAY,
      }).flatMap(([name, right]) => (right ? [] : [`${name} ${JSON.stringify(claims[name])}`]))
      return expectThat(
        wrong.length === 0,
        'claims of this server, this client and this moment',
        answer,
        wrong.join(', '),
      )
    },
  },
  {
    ...PROFILE,
    level: 'should',
    id: 'token-jwt-type',
    title: 'A JWT access token says that it is one: typ at+jwt',
    section: 'section 2.1',
    mend: 'Set typ to "at+jwt" in the header, so that no other JWT of this server passes for an access token.',
    async run(ctx) {
      const [{ header }, { answer }] = [await readToken(ctx), await ctx.tokens()]
      const typ = String(header['typ']).toLowerCase()
      return expectThat(
        typ === 'at+jwt' || typ === 'application/at+jwt',
        'typ at+jwt',
        answer,
        `typ ${String(header['typ'])}`,
      )
    },
  },
  {
    ...PROFILE,
    id: 'token-jwt-signature',
    title: 'A JWT access token is signed, asymmetrically, with a key of the key set',
    section: 'section 2.1 and section 4',
    mend: 'Sign with RS256 or ES256 and publish the key at jwks_uri before it signs, until its last token has expired.',
    async run(ctx) {
      const [{ header, token }, { answer }] = [await readToken(ctx), await ctx.tokens()]
      if (/^(?:none|HS)/i.test(String(header['alg'])))
        return problem('an asymmetric signature', answer, `alg ${String(header['alg'])}`)
      const keySet = await ctx.http.get(await ctx.endpoint('jwks_uri'))
      const verified = await verifies(token, keySet.json, ctx.options.now())
      return verified
        ? pass(String(header['alg']))
        : problem(
            'a signature by one of the keys',
            keySet,
            `none of them made the signature (kid ${String(header['kid'])})`,
          )
    },
  },
]

/** Whether a token is good for longer than the answer says. */
const outlives = (exp: unknown, seconds: unknown, now: number): boolean =>
  typeof seconds === 'number' && Number(exp) > now + seconds + LEEWAY

const LEEWAY = 300

async function verifies(token: string, keySet: Members, now: number): Promise<boolean> {
  const keys = Array.isArray(keySet['keys']) ? keySet['keys'] : []
  const currentDate = new Date(now * 1000)
  // One by one: a token need not say which it is.
  for (const key of keys) {
    const isRight = await jwtVerify(token, createLocalJWKSet({ keys: [key] }), { currentDate }).then(
      () => true,
      // What else is wrong with the token is for other checks.
      (error: unknown) => error instanceof Error && /ERR_JWT/.test('code' in error ? String(error.code) : ''),
    )
    if (isRight) return true
  }
  return false
}
