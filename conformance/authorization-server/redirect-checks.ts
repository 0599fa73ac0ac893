/**
 * Where the authorization endpoint sends people, and what a page of it may be used for.
 *
 * @see OAuth 2.1 section 4.1.1 and section 4.1.2.1 (draft-ietf-oauth-v2-1-16)
 * @see RFC 8252 section 7.3: any port on loopback
 * @see RFC 9700 section 4.12: no 307
 * @module
 */
import { expectThat, pass, problem, skip, type Verdict } from '../core/check.ts'
import { backed, type Control, isAlike } from '../core/controls.ts'
import type { Answer } from '../core/http.ts'
import { followRedirects } from '../core/visit.ts'
import { type AsContext, type Changes, whyNoCode } from './context.ts'
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
    async run(ctx) {
      const verdict = await otherRedirect(ctx, (registered) => `${registered}/conformance`)
      return verdict.kind === 'pass' ? otherRedirect(ctx, (registered) => `${registered}/`) : verdict
    },
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
      const pages = [...(await wrongAnswers(ctx)).filter(isPage), ...(await signInPage(ctx))]
      if (pages.length === 0) return skip('the server shows no page')
      for (const answer of pages) {
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
      const pages = (await wrongAnswers(ctx)).filter(isPage)
      if (pages.length === 0) return skip('the server shows no page')
      const marked = pages.find(({ body }) => body.includes(MARKUP))
      return marked === undefined
        ? backed(pass(), ctx.authorizes, discernsRequests(ctx))
        : problem('no unencoded copy of a parameter', marked, 'markup of the request, as it was sent')
    },
  },
]

/** It acts wherever it stands in a page, also if quotation marks are encoded. */
const MARKUP = '<script>conformance()</script>'

/** What is answered to requests that cannot be right: of nobody, and of a client that is known. */
async function wrongAnswers(ctx: AsContext): Promise<readonly [Answer, Answer]> {
  const text = `">${MARKUP}`
  const wrong = { redirect_uri: `https://attacker.example/?${text}`, state: text, scope: text }
  const ask = async (changes: Changes): Promise<Answer> =>
    ctx.http.get(await ctx.authorizationUrl(changes), { accept: 'text/html' })
  return [await ask({ ...wrong, client_id: text }), await ask(wrong)]
}

/** A right request gets another answer than a wrong one: otherwise it is no authorization endpoint that answers. */
const discernsRequests = (ctx: AsContext): Control =>
  ctx.control('discerns requests', async () => {
    const [right, [wrong]] = [
      await ctx.http.get(await ctx.authorizationUrl(), { accept: 'text/html' }),
      await wrongAnswers(ctx),
    ]
    return isAlike(right, wrong) ? `all requests are answered alike: ${right.summary}` : undefined
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
