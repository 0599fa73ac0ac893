/**
 * What an authorization server says of itself, and where.
 *
 * @see RFC 8414 section 2, section 3
 * @see RFC 7517 section 5
 * @module
 */
import { isLoopbackHost } from '../../shared/loopback.ts'
import { OPENID_CONFIGURATION } from '../../shared/well-known.ts'
import { expectThat, pass, problem, skip } from '../core/check.ts'
import { type AsContext, type EndpointName, PUSHED_ONLY } from './context.ts'
import { type AsCheck, isJson } from './judge.ts'

/** Where the metadata came. */
export const answered = async (ctx: AsContext) => {
  await ctx.metadata()
  return (await ctx.locate()).answer ?? skip('there are no metadata')
}

const ENDPOINTS: readonly EndpointName[] = [
  'authorization_endpoint',
  'token_endpoint',
  'registration_endpoint',
  'revocation_endpoint',
  'introspection_endpoint',
  'jwks_uri',
]

/** https, or http on this machine. */
export const isSecure = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' || (protocol === 'http:' && isLoopbackHost(hostname))

/** Skips where the server says that its tokens come in other ways alone (to clients of their own right, say). */
async function needsCodes(ctx: AsContext): Promise<void> {
  const grants = await ctx.listed('grant_types_supported')
  if (grants?.includes('authorization_code') === false) skip('the server does not offer the code flow')
}

export const METADATA_CHECKS: readonly AsCheck[] = [
  {
    id: 'as-metadata',
    title: 'Metadata are served where clients look for them',
    level: 'must',
    spec: 'RFC 8414',
    section: 'section 3',
    mend: 'Serve the metadata document at /.well-known/oauth-authorization-server, inserted between host and path of the issuer, with status 200 and a JSON object. Check that no proxy or login page answers in its place.',
    async run(ctx) {
      const { answer, answers } = await ctx.locate()
      const last = answers[0]
      if (answer !== undefined) return pass(answer.exchange.url)
      const expected = 'status 200 with a JSON object that has an issuer, at one of the well-known URLs'
      return last === undefined ? problem(expected, 'no answer') : problem(expected, last)
    },
  },
  {
    id: 'as-metadata-no-redirect',
    title: 'Metadata are served at the well-known URL itself, without a redirect',
    level: 'should',
    spec: 'RFC 8414',
    section: 'section 3.2',
    mend: 'Answer 200 at the well-known URL instead of redirecting: careful clients do not follow.',
    async run(ctx) {
      const answer = await answered(ctx)
      const { redirected, answers } = await ctx.locate()
      return expectThat(
        !redirected,
        'status 200',
        answers.find(({ status }) => status >= 300 && status < 400) ?? answer,
      )
    },
  },
  {
    id: 'as-metadata-type',
    title: 'Metadata are application/json',
    level: 'must',
    spec: 'RFC 8414',
    section: 'section 3.2',
    mend: 'Send Content-Type: application/json with the metadata document.',
    async run(ctx) {
      const answer = await answered(ctx)
      return expectThat(
        isJson(answer),
        'the content type application/json',
        answer,
        answer.headers.get('content-type') ?? 'none',
      )
    },
  },
  {
    id: 'as-metadata-issuer',
    title: 'The issuer in the metadata is the one that they were looked for under, byte for byte',
    level: 'must',
    spec: 'RFC 8414',
    section: 'section 3.3',
    mend: 'Set the issuer of the server to the URL that clients and protected resources use for it; a slash at the end makes it another one.',
    async run(ctx) {
      const { issuer } = await ctx.metadata()
      return expectThat(issuer === ctx.options.issuer, ctx.options.issuer, await answered(ctx), String(issuer))
    },
  },
  {
    id: 'as-metadata-openid',
    title: 'The OpenID Connect form of the metadata, if there is one, names the same issuer',
    level: 'should',
    spec: 'MCP 2026-07-28',
    section: 'Authorization Server Metadata Discovery',
    mend: 'Serve the same document under both well-known names, or only one of them.',
    async run(ctx) {
      const issuer = (await ctx.metadata())['issuer']
      const url = `${ctx.options.issuer.replace(/\/$/, '')}${OPENID_CONFIGURATION}`
      if ((await answered(ctx)).exchange.url === url) return skip('there is no other form of them')
      const answer = await ctx.http.get(url)
      if (answer.status >= 400 && answer.status < 500) return skip('there is none')
      return expectThat(
        answer.json['issuer'] === issuer,
        `the issuer ${String(issuer)}`,
        answer,
        String(answer.json['issuer']),
      )
    },
  },
  {
    id: 'as-metadata-endpoints',
    title: 'Every endpoint is an https URL (http on loopback) without a fragment',
    level: 'must',
    spec: 'MCP 2026-07-28',
    section: 'Communication Security',
    mend: 'Publish absolute https URLs. Behind a proxy that ends TLS, tell the server its public URL.',
    async run(ctx) {
      const metadata = await ctx.metadata()
      const named = ENDPOINTS.filter((name) => metadata[name] !== undefined)
      if (named.length === 0) return skip('no endpoint is named')
      const wrong = named.find((name) => {
        const url = URL.parse(String(metadata[name]))
        return url === null || !isSecure(url) || String(metadata[name]).includes('#')
      })
      const answer = await answered(ctx)
      return wrong === undefined
        ? pass()
        : problem('https, and no fragment', answer, `${wrong}: ${String(metadata[wrong])}`)
    },
  },
  {
    id: 'as-metadata-required',
    title: 'The metadata name what the code flow needs: both endpoints, and response_types_supported with "code"',
    level: 'must',
    spec: 'RFC 8414',
    section: 'section 2',
    mend: 'Add authorization_endpoint, token_endpoint and response_types_supported (["code"]) to the metadata.',
    async run(ctx) {
      const metadata = await ctx.metadata()
      await needsCodes(ctx)
      const missing = ['authorization_endpoint', 'token_endpoint'].filter((name) => typeof metadata[name] !== 'string')
      if ((await ctx.listed('response_types_supported'))?.includes('code') !== true)
        missing.push('response_types_supported')
      return expectThat(
        missing.length === 0,
        'all three',
        await answered(ctx),
        `missing or wrong: ${missing.join(', ')}`,
      )
    },
  },
  {
    id: 'as-metadata-pkce',
    title: 'The metadata say that PKCE with S256 is supported',
    level: 'must',
    spec: 'MCP 2026-07-28',
    section: 'Authorization Code Protection',
    mend: 'Add "code_challenge_methods_supported": ["S256"] to the metadata. MCP clients must refuse a server that does not say so.',
    async run(ctx) {
      await needsCodes(ctx)
      const methods = await ctx.listed('code_challenge_methods_supported')
      return expectThat(
        methods?.includes('S256') === true,
        '"S256" among code_challenge_methods_supported',
        await answered(ctx),
        methods?.join(', ') ?? 'no such member',
      )
    },
  },
  {
    id: 'as-metadata-no-plain',
    title: 'PKCE without a hash ("plain") is not on offer',
    level: 'should',
    spec: 'OAuth 2.1 (draft 16)',
    section: 'section 4.1.1',
    mend: 'Drop "plain" from code_challenge_methods_supported, and refuse it.',
    async run(ctx) {
      const methods = (await ctx.listed('code_challenge_methods_supported')) ?? skip('the metadata say nothing of PKCE')
      return expectThat(!methods.includes('plain'), 'S256 only', await answered(ctx), methods.join(', '))
    },
  },
  {
    id: 'as-metadata-grants',
    title: 'Neither the implicit nor the password grant is on offer',
    level: 'should',
    spec: 'OAuth 2.1 (draft 16)',
    section: 'section 10',
    mend: 'List grant_types_supported without "implicit" and "password". Where the list is missing, "implicit" is implied.',
    async run(ctx) {
      const grants = (await ctx.listed('grant_types_supported')) ?? ['authorization_code', 'implicit']
      const old = grants.filter((grant) => grant === 'implicit' || grant === 'password')
      return expectThat(old.length === 0, 'neither', await answered(ctx), old.join(', '))
    },
  },
  {
    id: 'as-metadata-public-clients',
    title: 'Clients without a secret are told that they may come: token_endpoint_auth_methods_supported lists "none"',
    level: 'should',
    spec: 'RFC 8414',
    section: 'section 2',
    mend: 'List "none" in token_endpoint_auth_methods_supported. Hosts on people\'s machines have no secret, and where the list is missing, client_secret_basic is implied.',
    async run(ctx) {
      const methods = await ctx.listed('token_endpoint_auth_methods_supported')
      return expectThat(
        methods?.includes('none') === true,
        '"none" among them',
        await answered(ctx),
        methods?.join(', ') ?? 'no such member',
      )
    },
  },
  {
    id: 'as-metadata-pushed',
    title: 'Authorization requests need not be pushed first',
    level: 'should',
    spec: 'RFC 9126',
    section: 'section 5',
    mend: 'Leave require_pushed_authorization_requests out, or require it of single clients: hosts send their requests through the browser, and this server refuses all of these.',
    async run(ctx) {
      const pushed = (await ctx.metadata())[PUSHED_ONLY]
      return expectThat(pushed !== true, `no ${PUSHED_ONLY}`, await answered(ctx), `${PUSHED_ONLY}: true`)
    },
  },
  {
    id: 'as-jwks',
    title: 'The key set holds public keys and nothing else',
    level: 'must',
    spec: 'RFC 7517',
    section: 'section 5 and section 9.2',
    mend: 'Serve {"keys": [...]} at jwks_uri: whole public keys, without private members (d, p, q, dp, dq, qi, k). If any was ever served, replace the keys at once.',
    async run(ctx) {
      const answer = await ctx.http.get(await ctx.endpoint('jwks_uri'))
      const { keys } = answer.json
      if (answer.status !== 200 || !Array.isArray(keys)) return problem('status 200 with "keys"', answer)
      if (keys.length === 0) return skip('the key set is empty')
      const secret = keys.flatMap((key: unknown) => Object.keys(Object(key))).filter((name) => PRIVATE.includes(name))
      if (secret.length > 0) return problem('no private members', answer, `members ${secret.join(', ')}`)
      const wrong = keys.find((key: unknown) => !isPublicKey(Object(key)))
      return expectThat(wrong === undefined, 'keys with what a key of their type has', answer, JSON.stringify(wrong))
    },
  },
]

/** What makes a public key, by its type (RFC 7518 section 6, RFC 8037 section 2). Types of others are theirs to know. */
const MAKES: Readonly<Record<string, readonly string[]>> = {
  RSA: ['n', 'e'],
  EC: ['crv', 'x', 'y'],
  OKP: ['crv', 'x'],
}

const isPublicKey = (key: Readonly<Record<string, unknown>>): boolean =>
  typeof key['kty'] === 'string' &&
  (MAKES[key['kty']] ?? []).every((name) => typeof key[name] === 'string' && key[name] !== '')

const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']
