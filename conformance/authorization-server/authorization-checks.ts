/**
 * The authorization endpoint: what it grants, what it refuses, and whom it tells.
 *
 * @see OAuth 2.1 section 4.1.1 and section 4.1.2 (draft-ietf-oauth-v2-1-16)
 * @see RFC 9207 section 2 and section 3
 * @module
 */
import { expectThat, pass, problem, skip, type Verdict } from '../core/check.ts'
import { backed, type Control } from '../core/controls.ts'
import type { Landing } from '../core/visit.ts'
import type { Client } from './clients.ts'
import { type AsContext, codeIn, isWelcome, STATE, VERIFIER, whyNoCode } from './context.ts'
import { type AsCheck, codeLanding, givesToken, redirectedWith } from './judge.ts'

const CODE_FLOW = { spec: 'OAuth 2.1 (draft 16)', level: 'must' } as const

const errorLanding = async (ctx: AsContext): Promise<Landing & { kind: 'callback' }> => {
  const landing = await ctx.tryAuthorize({ response_type: 'conformance' })
  return landing.kind === 'callback' && landing.url.searchParams.has('error')
    ? landing
    : skip('the server tells no error to the client')
}

/** Clients insist on what was announced (RFC 9207 section 2.4): without it they refuse every answer. */
const issOf = async (ctx: AsContext, { url, answer }: Landing & { kind: 'callback' }): Promise<Verdict> => {
  const [iss, { issuer }] = [url.searchParams.get('iss'), ctx.options]
  if (iss === issuer) return pass()
  const found = problem(`iss=${issuer}`, answer ?? 'a redirect', iss === null ? 'no iss' : `iss=${iss}`)
  return iss !== null || (await ctx.metadata())[ISS_ANNOUNCED] === true ? { ...found, level: 'must' } : found
}

const ISS_ANNOUNCED = 'authorization_response_iss_parameter_supported'

/** What this client asks for is granted, when it is asked for as it should be. */
const letsIn = (ctx: AsContext, client: Client): Control =>
  ctx.control(`lets in ${client.id}`, async () => {
    const landing = await ctx.authorize({}, client)
    return isWelcome(landing) ? undefined : whyNoCode(landing)
  })

const NO_RESOURCE =
  'No resource was asked for: none was named (--indicator), and the metadata list none (protected_resources). Name one that the server serves, or add one to the server first (sallyport resources add URL).'

export const AUTHORIZATION_CHECKS: readonly AsCheck[] = [
  {
    ...CODE_FLOW,
    id: 'authorize',
    title: 'A good request that was approved leads back to the client with a code',
    section: 'section 4.1.2',
    mend: 'Look at the error that the client was given, or at the page that the browser ended on. Often a scope or the resource is not known to the server.',
    async run(ctx) {
      const landing = await ctx.authorize()
      if (landing.kind === 'page') return skip(whyNoCode(landing))
      if (landing.kind === 'callback' && landing.url.searchParams.has('code')) return pass()
      const error = landing.kind === 'callback' ? landing.url.searchParams.get('error') : null
      const isAimless = error === 'invalid_target' && (await ctx.wanted()).resource === undefined
      return problem(
        'a redirect with a code',
        landing.answer ?? whyNoCode(landing),
        undefined,
        isAimless ? NO_RESOURCE : undefined,
      )
    },
  },
  {
    ...CODE_FLOW,
    id: 'authorize-state',
    title: 'The state comes back as it was sent',
    section: 'section 4.1.2',
    mend: 'Return the decoded state, encoded anew, in every response: clients drop answers whose state is not theirs.',
    async run(ctx) {
      const { url, answer } = await codeLanding(ctx, { state: STATE })
      return expectThat(
        url.searchParams.get('state') === STATE,
        STATE,
        answer ?? 'a redirect',
        url.searchParams.get('state') ?? 'none',
      )
    },
  },
  {
    id: 'authorize-once',
    title: 'No parameter of a response comes twice',
    level: 'must',
    spec: 'RFC 6749',
    section: 'section 3.1',
    mend: 'Set each parameter once: clients differ in which of two they read.',
    async run(ctx) {
      const { url, answer } = await codeLanding(ctx)
      const names = [...url.searchParams.keys()]
      const twice = [...new Set(names.filter((name, at) => names.indexOf(name) !== at))]
      return expectThat(twice.length === 0, 'each parameter once', answer ?? 'a redirect', `twice: ${twice.join(', ')}`)
    },
  },
  {
    id: 'authorize-iss',
    title: 'The response names the issuer',
    level: 'should',
    spec: 'RFC 9207',
    section: 'section 2',
    mend: 'Add iss with the exact issuer to authorization responses: it is what keeps a client from handing a code to the wrong server.',
    run: async (ctx) => issOf(ctx, await codeLanding(ctx)),
  },
  {
    id: 'authorize-iss-error',
    title: 'Error responses name the issuer, too',
    level: 'should',
    spec: 'RFC 9207',
    section: 'section 2',
    mend: 'Add iss to error responses as well.',
    run: async (ctx) => issOf(ctx, await errorLanding(ctx)),
  },
  {
    id: 'authorize-iss-announced',
    title: 'A server that sends iss says so in its metadata',
    level: 'must',
    spec: 'RFC 9207',
    section: 'section 3',
    mend: 'Add "authorization_response_iss_parameter_supported": true to the metadata; otherwise clients cannot insist on iss.',
    async run(ctx) {
      // An error needs nobody who signs in.
      const landing = await errorLanding(ctx).catch(() => codeLanding(ctx))
      if (!landing.url.searchParams.has('iss')) return skip('the server sends no iss')
      const said = (await ctx.metadata())[ISS_ANNOUNCED]
      return expectThat(
        said === true,
        'authorization_response_iss_parameter_supported: true',
        landing.answer ?? 'a redirect',
        String(said),
      )
    },
  },
  {
    id: 'authorize-pkce-required',
    title: 'A request without a code challenge is refused',
    level: 'must',
    spec: 'OAuth 2.1 (draft 16)',
    section: 'section 4.1.1',
    mend: 'Require code_challenge of every client. Without it a stolen code is worth a token.',
    run: async (ctx) =>
      redirectedWith(
        await ctx.tryAuthorize({ code_challenge: undefined, code_challenge_method: undefined }),
        'invalid_request',
      ),
  },
  {
    id: 'authorize-pkce-confidential',
    title: 'A request without a code challenge is refused to a client with a secret, too',
    level: 'must',
    spec: 'OAuth 2.1 (draft 16)',
    section: 'section 4.1.1',
    mend: 'Require code_challenge of every client: a secret does not keep a code from being injected into the session of somebody else.',
    async run(ctx) {
      const client = await ctx.clients.confidential()
      const without = { code_challenge: undefined, code_challenge_method: undefined }
      const verdict = redirectedWith(await ctx.tryAuthorize(without, client), 'invalid_request')
      return backed(verdict, letsIn(ctx, client))
    },
  },
  {
    id: 'authorize-pkce-plain',
    title: 'The challenge method "plain" is refused, also where it is meant because none is named',
    level: 'must',
    spec: 'OAuth 2.1 (draft 16)',
    section: 'section 4.1.1',
    mend: 'Accept S256 only, and refuse a challenge whose method is not named: it would be plain.',
    async run(ctx) {
      const verdict = redirectedWith(await ctx.tryAuthorize({ code_challenge_method: 'plain' }), 'invalid_request')
      if (verdict.kind !== 'pass') return verdict
      const value = codeIn(await ctx.tryAuthorize({ code_challenge: VERIFIER, code_challenge_method: undefined }))
      if (value === null) return verdict
      const client = await ctx.clients.main()
      const answer = await ctx.redeem({ value, client, redirectUri: client.redirectUri, verifier: VERIFIER })
      return expectThat(!givesToken(answer), 'no token for a verifier that stood in the request', answer)
    },
  },
  {
    ...CODE_FLOW,
    id: 'authorize-response-type',
    title: 'Another response type than "code" (here "token") gives neither a code nor a token',
    section: 'section 4.1.2.1',
    mend: 'Refuse response types that are not offered, and tell the client with its redirect URI.',
    run: async (ctx) =>
      redirectedWith(
        await ctx.tryAuthorize({ response_type: 'token' }),
        'unsupported_response_type',
        'unauthorized_client',
        'invalid_request',
      ),
  },
  {
    ...CODE_FLOW,
    id: 'authorize-repeated',
    title: 'A parameter that comes twice is refused',
    section: 'section 3.1',
    mend: 'Refuse repeated parameters (resource may be repeated): two readers of one request must not read different things.',
    run: async (ctx) =>
      redirectedWith(await ctx.tryAuthorize({ code_challenge_method: ['S256', 'S256'] }), 'invalid_request'),
  },
  {
    ...CODE_FLOW,
    id: 'authorize-unknown-parameter',
    title: 'A parameter that the server does not know is ignored',
    section: 'section 3.1',
    mend: 'Ignore parameters that mean nothing to you: extensions send them.',
    async run(ctx) {
      const landing = await ctx.authorize({ conformance_unknown: 'x' })
      if (landing.kind === 'page') return skip(whyNoCode(landing))
      const code = landing.kind === 'callback' && landing.url.searchParams.has('code')
      if (!code) await codeLanding(ctx)
      return code ? pass() : problem('a redirect with a code', landing.answer ?? whyNoCode(landing))
    },
  },
]
