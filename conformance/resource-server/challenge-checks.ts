/**
 * What a resource server answers to whoever has no token, or none that is one.
 *
 * @see RFC 6750 section 3
 * @see RFC 9728 section 5.1
 * @module
 */
import { parseChallenges } from '../../shared/challenge.ts'
import { expectThat, pass, problem, Skip, skip } from '../core/check.ts'
import { backed } from '../core/controls.ts'
import { alsoReadable, preflight } from '../core/cors.ts'
import { type Answer, isHttpUrl } from '../core/http.ts'
import type { RsCheck, RsContext } from './context.ts'
import { explainAnswer } from './first-answer.ts'

const CHALLENGE = { spec: 'RFC 6750', level: 'must' } as const

const headerOf = (answer: Answer): string => answer.headers.get('www-authenticate') ?? ''

/** The first challenge that is about tokens. */
export const challengeOf = (answer: Answer) =>
  parseChallenges(headerOf(answer)).find(({ scheme }) => scheme === 'bearer' || scheme === 'dpop')

const challenged = async (ctx: RsContext): Promise<Answer> => {
  const answer = await ctx.challenge()
  return answer.status === 401 && challengeOf(answer) !== undefined ? answer : skip('there is no challenge')
}

/** Told apart from our name: what was sent for a token is struck from the report wherever it stands. */
const NO_TOKEN = { authorization: 'Bearer conformance-made-this-up' }

/** Whoever answers 401 to everything asks for nothing: a good token is answered otherwise, or nothing is said. */
const welcomesTokens = (ctx: RsContext) => ({
  needed: () =>
    ctx.welcomed().catch((error: unknown) => {
      throw error instanceof Skip ? skip(`it is refused, but so may a good token be: ${error.message}`) : error
    }),
})

const ONCE = ['scope', 'error', 'error_description', 'error_uri', 'realm', 'resource_metadata']

export const RS_CHALLENGE_CHECKS: readonly RsCheck[] = [
  {
    id: 'rs-401',
    title: 'A request without a token is answered 401',
    level: 'must',
    spec: 'MCP 2026-07-28',
    section: 'Error Handling',
    mend: 'Ask for the token before anything else, also before the message is read. Hosts begin to authorize when they see 401, and at nothing else.',
    async run(ctx) {
      const answer = await ctx.challenge()
      if (answer.status !== 401) return problem('status 401', answer, undefined, explainAnswer(answer))
      return backed(pass(), welcomesTokens(ctx))
    },
  },
  {
    id: 'rs-get',
    title: 'GET without a token opens nothing, either',
    level: 'must',
    spec: 'MCP 2026-07-28',
    section: 'Token Requirements',
    mend: 'Ask for the token whatever the method is: GET opens a stream of messages, DELETE ends a session. Servers without streams answer 405.',
    async run(ctx) {
      await ctx.endpoint()
      const first = await ctx.challenge()
      if (first.status !== 401 && first.status >= 400) return skip(`POST is answered ${first.status}, whatever it is`)
      for (const method of ['GET', 'DELETE']) {
        const answer = await ctx.http.send(method, ctx.options.url, { headers: { accept: 'text/event-stream' } })
        if (answer.status < 400 || answer.status >= 500) return problem(`status 401 or 405 to ${method}`, answer)
      }
      return backed(pass(), welcomesTokens(ctx))
    },
  },
  {
    ...CHALLENGE,
    id: 'rs-challenge',
    title: 'The 401 has a challenge for tokens',
    section: 'section 3',
    mend: 'Send WWW-Authenticate: Bearer resource_metadata="...". Check that no proxy drops the header.',
    async run(ctx) {
      const answer = await ctx.challenge()
      if (answer.status !== 401) return skip('the answer is no 401')
      return expectThat(
        challengeOf(answer) !== undefined,
        'WWW-Authenticate with Bearer or DPoP',
        answer,
        headerOf(answer) || 'no WWW-Authenticate',
      )
    },
  },
  {
    id: 'rs-challenge-metadata',
    title: 'The challenge says where the metadata are',
    level: 'should',
    spec: 'RFC 9728',
    section: 'section 5.1',
    mend: 'Add resource_metadata with the absolute URL of the document to the challenge. Many hosts look nowhere else.',
    async run(ctx) {
      const answer = await challenged(ctx)
      const url = challengeOf(answer)?.params['resource_metadata']
      if (url === undefined || !isHttpUrl(url)) return problem('resource_metadata with a URL', answer, headerOf(answer))
      const { found: any, looked } = await ctx.locate()
      if (any === undefined) return skip('there are no metadata')
      const found = looked.find(({ from }) => from === 'header')?.answer
      if (found?.status !== 200 || typeof found.json['resource'] !== 'string')
        return problem('the document at that URL', found ?? answer)
      // A host whose token ended begins here.
      const refusal = await ctx.send(NO_TOKEN)
      const again = challengeOf(refusal)?.params['resource_metadata']
      const told = headerOf(refusal) || 'no challenge'
      return expectThat(refusal.status !== 401 || again === url, 'the same URL for a bad token', refusal, told)
    },
  },
  {
    id: 'rs-challenge-scope',
    title: 'The challenge says which scopes are needed',
    level: 'should',
    spec: 'MCP 2026-07-28',
    section: 'Scope Selection',
    mend: 'Add scope with what ordinary use needs, so that hosts need not ask for everything.',
    async run(ctx) {
      const { members } = await ctx.metadata()
      if (members['scopes_supported'] === undefined) return skip('the server has no scopes')
      const answer = await challenged(ctx)
      return expectThat(/\S/.test(challengeOf(answer)?.params['scope'] ?? ''), 'a scope', answer, headerOf(answer))
    },
  },
  {
    ...CHALLENGE,
    level: 'should',
    id: 'rs-challenge-no-error',
    title: 'Who shows no token is told of no error',
    section: 'section 3.1',
    mend: 'Leave error out of the challenge when there was no token: some hosts take it for a failure.',
    async run(ctx) {
      const answer = await challenged(ctx)
      const error = challengeOf(answer)?.params['error']
      return expectThat(error === undefined, 'no error', answer, `error="${error}"`)
    },
  },
  {
    ...CHALLENGE,
    id: 'rs-challenge-repeated',
    title: 'No challenge has a parameter twice',
    section: 'section 3',
    mend: 'Write each parameter once; readers differ in which of two they take.',
    async run(ctx) {
      const answer = await challenged(ctx)
      const header = headerOf(answer).replace(/"(?:[^"\\]|\\.)*"/g, '""')
      const most = parseChallenges(headerOf(answer)).length
      const twice = ONCE.filter((name) => [...header.matchAll(new RegExp(`\\b${name}\\s*=`, 'gi'))].length > most)
      return expectThat(twice.length === 0, 'each at most once', answer, twice.join(', '))
    },
  },
  {
    id: 'rs-challenge-exposed',
    title: 'Clients in a browser can read the challenge',
    level: 'should',
    spec: 'RFC 9728',
    section: 'section 7.10; WHATWG Fetch, section 3.3',
    mend: 'Send Access-Control-Allow-Origin, and Access-Control-Expose-Headers: WWW-Authenticate, with the 401.',
    async run(ctx) {
      const plain = await challenged(ctx)
      const { origin } = new URL(ctx.options.url)
      return alsoReadable(plain, await ctx.send({ origin }), ['WWW-Authenticate'], origin)
    },
  },
  {
    id: 'rs-preflight',
    title: 'A preflight is answered without a token, and allows what MCP messages have in their headers',
    level: 'should',
    spec: 'RFC 9728',
    section: 'section 7.10; WHATWG Fetch, section 3.3',
    mend: 'Answer OPTIONS at the MCP endpoint with 204 before asking for a token, with Access-Control-Allow-Headers: Authorization, Content-Type, MCP-Protocol-Version (the wildcard does not cover Authorization).',
    async run(ctx) {
      await ctx.endpoint()
      const { origin } = new URL(ctx.options.url)
      const headers = ['Authorization', 'Content-Type', 'MCP-Protocol-Version']
      return preflight(ctx.http, ctx.options.url, { method: 'POST', headers, origin })
    },
  },
  {
    id: 'rs-origin',
    title: 'Pages of other sites are turned away by their Origin',
    level: 'should',
    spec: 'MCP 2026-07-28',
    section: 'Streamable HTTP, Security',
    mend: 'Answer 403 to an Origin that is not yours or allowed: otherwise a page can reach the server by DNS rebinding.',
    async run(ctx) {
      await ctx.endpoint()
      if ((await ctx.challenge()).status === 403) return skip('whoever comes without an Origin is turned away, too')
      const { origin: own } = new URL(ctx.options.url)
      // Somebody else's, one that begins alike, and what a page in a sandbox says.
      for (const origin of ['https://attacker.example', `${own}.attacker.example`, 'null']) {
        const answer = await ctx.send({ origin })
        if (answer.status !== 403) return problem(`status 403 for the origin ${origin}`, answer)
      }
      return pass()
    },
  },
  {
    ...CHALLENGE,
    id: 'rs-garbage',
    title: 'Something that is no token is answered 401',
    section: 'section 3.1',
    mend: 'Answer 401 whenever the token cannot be verified, whatever it is; never 500.',
    async run(ctx) {
      await ctx.endpoint()
      const answer = await ctx.send(NO_TOKEN)
      return backed(expectThat(answer.status === 401, 'status 401', answer), welcomesTokens(ctx))
    },
  },
  {
    ...CHALLENGE,
    level: 'should',
    id: 'rs-invalid-token',
    title: 'Who shows a bad token is told that it is: invalid_token',
    section: 'section 3.1',
    mend: 'Add error="invalid_token" to the challenge: hosts then refresh or authorize again.',
    async run(ctx) {
      const answer = await ctx.send(NO_TOKEN)
      if (answer.status !== 401) return skip('the answer is no 401')
      const isTold = challengeOf(answer)?.params['error'] === 'invalid_token'
      const told = headerOf(answer) || 'no challenge'
      return backed(expectThat(isTold, 'error="invalid_token"', answer, told), welcomesTokens(ctx))
    },
  },
  {
    ...CHALLENGE,
    id: 'rs-two-tokens',
    title: 'An Authorization header with more than one token is refused',
    section: 'section 2.1',
    mend: 'Read the header as "Bearer", one space, one token, and nothing more.',
    async run(ctx) {
      await ctx.welcomed()
      const { authorization, ...proof } = await ctx.credentials(await ctx.token())
      const answer = await ctx.send({ ...proof, authorization: `${authorization} conformance` })
      return expectThat(answer.status === 400 || answer.status === 401, 'status 400 or 401', answer)
    },
  },
]
