/**
 * Which tokens a resource server accepts: the good one, and none that differs from it where it matters.
 *
 * @see RFC 9068 section 4
 * @see MCP 2026-07-28, authorization, token handling
 * @module
 */
import { exportSPKI, importJWK } from 'jose'
import { expectThat, pass, problem, skip, type Verdict } from '../core/check.ts'
import {
  createKeys,
  encodeJson,
  type Members,
  readJwt,
  SIGNING_ALGORITHMS,
  signJws,
  signSymmetric,
  unsignedJws,
} from '../jose/jws.ts'
import type { RsCheck, RsContext } from './context.ts'
import { isAccepted, LET_THROUGH } from './messages.ts'

const PROFILE = { spec: 'RFC 9068', level: 'must', section: 'section 4' } as const
const JWT = { spec: 'RFC 8725', level: 'must' } as const
const MCP = { spec: 'MCP 2026-07-28', level: 'must' } as const

async function refuses(ctx: RsContext, token: string): Promise<Verdict> {
  await ctx.welcomed()
  const answer = await ctx.sendToken(token)
  return expectThat(answer.status === 401, 'status 401', answer)
}

async function refusesAll(ctx: RsContext, tokens: readonly string[]): Promise<Verdict> {
  for (const token of tokens) {
    const verdict = await refuses(ctx, token)
    if (verdict.kind !== 'pass') return verdict
  }
  return pass()
}

const forged = (
  id: string,
  title: string,
  mend: string,
  claims: (ctx: RsContext) => Members | Promise<Members>,
): RsCheck => ({
  ...PROFILE,
  id,
  title,
  mend,
  run: async (ctx) => refuses(ctx, await ctx.forge(await claims(ctx))),
})

/** Seconds: more than the few minutes that clocks may differ by (RFC 7519 section 4.1.4). */
const A_WHILE = 10 * 60
const text = new TextEncoder()

export const RS_TOKEN_CHECKS: readonly RsCheck[] = [
  {
    ...MCP,
    id: 'rs-token',
    title: 'A good token is accepted',
    section: 'Token Handling',
    mend: 'Compare issuer, audience and keys that the server is configured with to what the token has. Often the audience is the URL behind the proxy instead of the public one.',
    async run(ctx) {
      const answer = await ctx.welcome()
      if (isAccepted(answer)) return pass()
      const told = answer.status === 401 || answer.status === 403 ? undefined : NO_ANSWER
      return problem(LET_THROUGH, answer, undefined, told)
    },
  },
  {
    id: 'rs-scheme-case',
    title: 'The scheme counts in any case',
    level: 'must',
    spec: 'RFC 9110',
    section: 'section 11.1',
    mend: 'Compare "Bearer" without regard to case.',
    async run(ctx) {
      await ctx.welcomed()
      const { authorization, ...proof } = await ctx.credentials(await ctx.token())
      const small = authorization.replace(/^\S+/, (scheme) => scheme.toLowerCase())
      const answer = await ctx.send({ ...proof, authorization: small })
      return expectThat(isAccepted(answer), LET_THROUGH, answer)
    },
  },
  {
    id: 'rs-no-scheme',
    title: 'A token without a scheme counts for nothing',
    level: 'must',
    spec: 'RFC 6750',
    section: 'section 2.1',
    mend: 'Read tokens after "Bearer" (or "DPoP") and one space; refuse everything else.',
    async run(ctx) {
      await ctx.welcomed()
      const answer = await ctx.send({ authorization: await ctx.token() })
      return expectThat(answer.status === 400 || answer.status === 401, 'status 401', answer)
    },
  },
  {
    id: 'rs-query',
    title: 'A token in the URL counts for nothing',
    level: 'must',
    spec: 'OAuth 2.1 (draft 16)',
    section: 'section 5.1',
    mend: 'Read tokens from the Authorization header alone: URLs end up in logs.',
    async run(ctx) {
      await ctx.welcomed()
      const url = new URL(ctx.options.url)
      url.searchParams.set('access_token', await ctx.token())
      const answer = await ctx.send({}, undefined, url.href)
      return expectThat([400, 401, 403].includes(answer.status), 'status 401', answer)
    },
  },
  {
    ...JWT,
    id: 'rs-altered',
    title: 'A token that was altered is refused',
    section: 'section 3.3',
    mend: 'Verify the signature of every token.',
    async run(ctx) {
      const opaque = await ctx.token()
      if (readJwt(opaque) === undefined) return refuses(ctx, alter(opaque))
      const { token, claims } = await ctx.jwt()
      const [header, , signature] = token.split('.')
      return refuses(ctx, `${header}.${encodeJson({ ...claims, sub: 'somebody else' })}.${signature}`)
    },
  },
  {
    ...JWT,
    id: 'rs-unsigned',
    title: 'A token that is not signed (alg none) is refused',
    section: 'section 3.2',
    mend: 'Accept the algorithms of a list of your own, without none.',
    async run(ctx) {
      const { header, claims } = await ctx.jwt()
      return refusesAll(
        ctx,
        ['none', 'None', 'NONE'].map((alg) => unsignedJws({ ...header, alg }, claims)),
      )
    },
  },
  {
    ...JWT,
    id: 'rs-symmetric',
    title: 'A token that is signed with the public key as a shared secret (HS256) is refused',
    section: 'section 2.1 and section 3.1',
    mend: 'Accept asymmetric algorithms only, whatever the token says.',
    async run(ctx) {
      const [{ header, claims }, keys] = [await ctx.jwt(), await ctx.keys()]
      const key = keys.find(({ kid }) => kid === header['kid']) ?? keys[0] ?? skip('there is no key')
      const symmetric = { ...header, alg: 'HS256' }
      const pem = await pemOf(key, String(header['alg']))
      // Some libraries end it with a line feed, others do not; some hand on the bytes.
      const texts = [JSON.stringify(key), pem, `${pem}\n`].map((one) => text.encode(one))
      const secrets = [...texts, bytesOf(pem)]
      return refusesAll(ctx, await Promise.all(secrets.map((secret) => signSymmetric(symmetric, claims, secret))))
    },
  },
  {
    ...JWT,
    id: 'rs-own-key',
    title: 'A token that somebody else signed in the name of a known key is refused',
    section: 'section 3.3',
    mend: 'Verify with the key that the authorization server publishes under that kid.',
    async run(ctx) {
      const { header, claims } = await ctx.jwt()
      return refuses(ctx, await signedByStranger(header, claims))
    },
  },
  {
    ...JWT,
    id: 'rs-embedded-key',
    title: 'A token that brings its key along is refused',
    section: 'section 3.10',
    mend: 'Take keys from the authorization server, never from the token (jwk, jku, x5c).',
    async run(ctx) {
      const { header, claims } = await ctx.jwt()
      return refuses(ctx, await signedByStranger(header, claims, true))
    },
  },
  forged(
    'rs-expired',
    'A token that has expired is refused',
    'Compare exp with the time, with little or no leeway.',
    ({ options }) => ({ exp: options.now() - A_WHILE, iat: options.now() - 2 * A_WHILE }),
  ),
  forged(
    'rs-not-before',
    'A token that is not valid yet is refused',
    'Compare nbf, where there is one, with the time, with little or no leeway.',
    ({ options }) => ({ nbf: options.now() + A_WHILE, exp: options.now() + 2 * A_WHILE }),
  ),
  forged('rs-no-expiry', 'A token without an end is refused', 'Require exp.', () => ({ exp: undefined })),
  {
    ...PROFILE,
    id: 'rs-audience',
    title: 'A token for another server is refused',
    mend: 'Compare aud with your own resource identifier. Otherwise another server can use the tokens that it is given here.',
    run: async (ctx) => refuses(ctx, await ctx.foreignToken()),
  },
  forged(
    'rs-audience-prefix',
    'A token for another path of this host is refused',
    'Compare the whole identifier, not its beginning.',
    async (ctx) => ({ aud: `${new URL((await ctx.about()).resource).origin}/conformance` }),
  ),
  forged('rs-no-audience', 'A token for nobody in particular is refused', 'Require aud.', () => ({ aud: undefined })),
  {
    ...PROFILE,
    id: 'rs-issuer',
    title: 'A token of another issuer is refused, also of one whose name begins or ends alike',
    mend: 'Compare iss with the issuers that you trust, byte for byte, before a key is looked up.',
    async run(ctx) {
      await ctx.forge()
      const { issuer } = await ctx.about()
      const others = ['https://other.example', `${issuer}.attacker.example`, `https://attacker.example/${issuer}`]
      return refusesAll(ctx, await Promise.all(others.map((iss) => ctx.forge({ iss }))))
    },
  },
  {
    ...PROFILE,
    level: 'should',
    id: 'rs-type',
    title: 'A JWT that is no access token is refused, though the same server signed it',
    mend: 'Require typ at+jwt: ID tokens and other JWTs of the issuer are no access tokens.',
    run: async (ctx) => refuses(ctx, await ctx.forge({}, { typ: 'JWT' })),
  },
]

const NO_ANSWER =
  'The answer is neither about the token (401, 403) nor about the message. Look at the log of the server, and whether this is the URL of the MCP endpoint.'

/** Another character in the middle. */
function alter(token: string): string {
  const at = Math.floor(token.length / 2)
  return `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`
}

async function signedByStranger(header: Members, claims: Members, bringsKey = false): Promise<string> {
  // Of the same algorithm: a server that compares nothing else would refuse another one.
  const said = String(header['alg'])
  const alg = SIGNING_ALGORITHMS.includes(said) ? said : 'ES256'
  const { privateKey, publicJwk } = await createKeys(alg)
  const { kid, ...rest } = header
  const named = bringsKey ? { jwk: publicJwk } : { kid }
  return signJws({ ...rest, alg, ...named }, claims, privateKey, alg)
}

const bytesOf = (pem: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(pem.replace(/-----[^-]+-----|\s/g, '')), (character) => character.charCodeAt(0))

async function pemOf(key: Members, alg: string): Promise<string> {
  const imported = await importJWK({ ...key }, alg, { extractable: true })
  return imported instanceof Uint8Array ? '' : exportSPKI(imported)
}
