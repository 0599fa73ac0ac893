/**
 * Where the authorization endpoint sends people, and what a page of it may be used for.
 *
 * @see OAuth 2.1 section 4.1.1 and section 4.1.2.1 (draft-ietf-oauth-v2-1-16)
 * @see RFC 8252 section 7.3: any port on loopback
 * @see RFC 9700 section 4.12: no 307
 * @module
 */
import { expectThat, pass, problem, skip, type Verdict } from '../core/check.ts'
import type { Answer } from '../core/http.ts'
import { followRedirects } from '../core/visit.ts'
import { type AsContext, whyNoCode } from './context.ts'
import { backed, type Control, isAlike } from './controls.ts'
import { whyFramed } from './framing.ts'
import { type AsCheck, codeLanding, refusedOnPage } from './judge.ts'

const CODE_FLOW = { spec: 'OAuth 2.1 (draft 16)', level: 'must' } as const

export const REDIRECT_CHECKS: readonly AsCheck[] = [
  {
    ...CODE_FLOW,
    id: 'authorize-unknown-client',
    title: 'A client that is not known is not sent anything: the error stays on a page',
    section: 'section 4.1.2.1',
    mend: 'Show the error to the person. A redirect would make the server an open redirector.',
    run: async (ctx) => refusedOnPage(await ctx.tryAuthorize({ client_id: 'conformance-nobody' }), 'an unknown client'),
  },
  {
    ...CODE_FLOW,
    id: 'authorize-redirect-other',
    title: 'A redirect URI of another host is refused, on a page',
    section: 'section 4.1.2.1',
    mend: 'Compare redirect_uri with the registered ones as strings, before anything else, and never redirect to one that does not match.',
    run: async (ctx) =>
      refusedOnPage(
        await ctx.tryAuthorize({ redirect_uri: 'https://attacker.example/callback' }),
        'a foreign redirect URI',
      ),
  },
  {
    ...CODE_FLOW,
    id: 'authorize-redirect-path',
    title: 'A redirect URI with more path than the registered one is refused',
    section: 'section 4.1.1',
    mend: 'Compare the whole string; prefixes are not enough.',
    run: async (ctx) => otherRedirect(ctx, (registered) => `${registered}/conformance`),
  },
  {
    ...CODE_FLOW,
    id: 'authorize-redirect-query',
    title: 'A redirect URI with a query that was not registered is refused',
    section: 'section 4.1.1',
    mend: 'Compare the whole string, the query included.',
    run: async (ctx) => otherRedirect(ctx, (registered) => `${registered}?conformance=1`),
  },
  {
    ...CODE_FLOW,
    id: 'authorize-redirect-host-trick',
    title: 'A redirect URI that only begins like the registered one (user info before another host) is refused',
    section: 'section 4.1.1',
    mend: 'Compare the whole string; https://registered@attacker.example is at attacker.example.',
    run: async (ctx) => otherRedirect(ctx, (registered) => `${new URL(registered).origin}@attacker.example/callback`),
  },
  {
    ...CODE_FLOW,
    id: 'authorize-redirect-case',
    title: 'A redirect URI whose path is in other letters than the registered one is refused',
    section: 'section 4.1.1',
    mend: 'Compare the strings as they are: paths are case-sensitive.',
    run: async (ctx) =>
      otherRedirect(ctx, (registered) => {
        const { origin, pathname } = new URL(registered)
        const capitals = pathname.toUpperCase()
        return capitals === pathname ? skip('the path has no small letters') : origin + capitals
      }),
  },
  {
    ...CODE_FLOW,
    id: 'authorize-redirect-error',
    title: 'A wrong request is not answered to a redirect URI that is not registered, either',
    section: 'section 4.1.2.1',
    mend: 'Judge client_id and redirect_uri before everything else: an error that is sent to an unchecked URI makes the server an open redirector.',
    run: async (ctx) =>
      refusedOnPage(
        await ctx.tryAuthorize({ redirect_uri: 'https://attacker.example/callback', response_type: 'conformance' }),
        'a foreign redirect URI in a wrong request',
      ),
  },
  {
    id: 'authorize-redirect-port',
    title: 'A loopback redirect URI matches with any port',
    level: 'must',
    spec: 'RFC 8252',
    section: 'section 7.3',
    mend: 'Ignore the port when a registered redirect URI is http://127.0.0.1 or http://[::1]: native applications listen on whatever port is free.',
    async run(ctx) {
      if (ctx.options.isAttended === true) return skip('a browser would end at a port where nobody listens')
      const url = new URL((await ctx.clients.main()).redirectUri)
      if (url.protocol !== 'http:' || !/^(?:127\.0\.0\.1|\[::1\])$/.test(url.hostname))
        return skip('the redirect URI is not on a loopback address')
      url.port = url.port === '49153' ? '49154' : '49153'
      const landing = await ctx.tryAuthorize({ redirect_uri: url.href })
      if (landing.kind === 'callback' && landing.url.searchParams.has('code')) return pass()
      await codeLanding(ctx)
      return problem('a redirect with a code', landing.answer ?? whyNoCode(landing))
    },
  },
  {
    id: 'authorize-redirect-status',
    title: 'The way back to the client is not a 307: it would repeat what the person posted',
    level: 'must',
    spec: 'RFC 9700',
    section: 'section 4.12',
    mend: 'Redirect with 303 (or 302).',
    async run(ctx) {
      const { answer } = await codeLanding(ctx)
      if (answer === undefined) return skip('only the browser saw the redirect')
      return expectThat(answer.status === 303 || answer.status === 302, 'status 303', answer)
    },
  },
  {
    id: 'authorize-no-cors',
    title: 'Scripts of other origins cannot read the authorization endpoint',
    level: 'must',
    spec: 'OAuth 2.1 (draft 16)',
    section: 'section 3.1; RFC 9700 section 2.6',
    mend: 'Send no Access-Control-Allow-Origin from the authorization endpoint: browsers go there, scripts do not.',
    async run(ctx) {
      const answer = await ctx.http.get(await ctx.authorizationUrl(), { origin: 'https://attacker.example' })
      const allowed = answer.headers.get('access-control-allow-origin')
      const told = `Access-Control-Allow-Origin: ${allowed}`
      return backed(
        expectThat(allowed === null, 'no Access-Control-Allow-Origin', answer, told),
        ctx.authorizes,
        discernsRequests(ctx),
      )
    },
  },
  {
    id: 'authorize-framing',
    title: 'Pages of the server cannot be shown in a frame of another site',
    level: 'must',
    spec: 'OAuth 2.1 (draft 16)',
    section: 'section 7.11',
    mend: "Send Content-Security-Policy: frame-ancestors 'none' (and X-Frame-Options: DENY) with every page.",
    async run(ctx) {
      for (const answer of [await pageOf(ctx), ...(await signInPage(ctx))]) {
        const why = whyFramed(answer.headers)
        if (why !== undefined)
          return problem("frame-ancestors 'none' or 'self', or X-Frame-Options: DENY or SAMEORIGIN", answer, why)
      }
      return backed(pass(), ctx.authorizes, discernsRequests(ctx))
    },
  },
  {
    id: 'authorize-markup',
    title: 'What a request says does not become markup of a page',
    level: 'must',
    spec: 'RFC 6749',
    section: 'section 10.14',
    mend: 'Encode whatever comes from a request before it goes into a page; better, do not show it at all.',
    async run(ctx) {
      const answer = await pageOf(ctx)
      const isClean = !answer.body.includes(MARKUP)
      const verdict = expectThat(isClean, 'no unencoded copy of a parameter', answer, 'the client_id as it was sent')
      return backed(verdict, ctx.authorizes, discernsRequests(ctx))
    },
  },
]

const MARKUP = '"><script>conformance()</script>'

/** What is answered to a request that cannot be right. */
async function wrongAnswer(ctx: AsContext): Promise<Answer> {
  const url = await ctx.authorizationUrl({ client_id: MARKUP, redirect_uri: 'https://attacker.example/' })
  return ctx.http.get(url, { accept: 'text/html' })
}

/** A page that the server shows for it. */
async function pageOf(ctx: AsContext): Promise<Answer> {
  const answer = await wrongAnswer(ctx)
  return isPage(answer) ? answer : skip('the server shows no page')
}

/** A right request gets another answer than a wrong one: otherwise it is no authorization endpoint that answers. */
const discernsRequests = (ctx: AsContext): Control =>
  ctx.control('discerns requests', async () => {
    const right = await ctx.http.get(await ctx.authorizationUrl(), { accept: 'text/html' })
    return isAlike(right, await wrongAnswer(ctx)) ? `all requests are answered alike: ${right.summary}` : undefined
  })

const isPage = ({ headers }: Answer): boolean => /^text\/html/i.test(headers.get('content-type') ?? '')

/** Where people sign in, if the server asks them. */
async function signInPage(ctx: AsContext): Promise<readonly Answer[]> {
  const landing = await followRedirects(ctx.http)(await ctx.authorizationUrl(), (await ctx.clients.main()).redirectUri)
  return landing.kind === 'page' && isPage(landing.answer) ? [landing.answer] : []
}

async function otherRedirect(ctx: AsContext, change: (registered: string) => string): Promise<Verdict> {
  const { redirectUri } = await ctx.clients.main()
  return refusedOnPage(await ctx.tryAuthorize({ redirect_uri: change(redirectUri) }), 'another redirect URI')
}
