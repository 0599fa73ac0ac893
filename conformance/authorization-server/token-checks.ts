/**
 * What the answers of the token endpoint look like, good ones and errors.
 *
 * @see RFC 6749 section 5.1 and section 5.2
 * @module
 */
import { expectThat, problem, skip } from '../core/check.ts'
import { backed } from '../core/controls.ts'
import { alsoReadable, ORIGIN, preflight } from '../core/cors.ts'
import { type AsContext, codeIn, toTokens, VERIFIER } from './context.ts'
import { type AsCheck, errorOf, givesToken, isJson, noStore, redirectedWith, refused, UNKNOWN_CODE } from './judge.ts'

const TOKEN = { spec: 'RFC 6749', level: 'must' } as const

const DAY = 24 * 60 * 60

export const TOKEN_CHECKS: readonly AsCheck[] = [
  {
    ...TOKEN,
    id: 'token',
    title: 'A code is exchanged for an access token',
    section: 'section 4.1.4',
    mend: 'Look at the error that the token endpoint answered. Frequent causes: the client must authenticate and does not, or a proxy changes the form.',
    async run(ctx) {
      const code = await ctx.code()
      const answer = await ctx.redeem(code)
      return expectThat(toTokens(code.client, answer) !== undefined, 'status 200 with an access_token', answer)
    },
  },
  {
    ...TOKEN,
    id: 'token-type',
    title: 'The answer says of which type the token is',
    section: 'section 5.1',
    mend: 'Add "token_type" ("Bearer", or "DPoP" for a bound token).',
    async run(ctx) {
      const { answer } = await ctx.tokens()
      return expectThat(
        /^(?:bearer|dpop)$/i.test(String(answer.json['token_type'])),
        'token_type Bearer or DPoP',
        answer,
        String(answer.json['token_type']),
      )
    },
  },
  {
    ...TOKEN,
    id: 'token-json',
    title: 'The answer is application/json',
    section: 'section 5.1',
    mend: 'Send Content-Type: application/json.',
    async run(ctx) {
      const { answer } = await ctx.tokens()
      return expectThat(isJson(answer), 'application/json', answer, answer.headers.get('content-type') ?? 'none')
    },
  },
  {
    ...TOKEN,
    id: 'token-no-store',
    title: 'No cache may keep the answer',
    section: 'section 5.1',
    mend: 'Send Cache-Control: no-store with every token response.',
    async run(ctx) {
      const { answer } = await ctx.tokens()
      return expectThat(
        noStore(answer),
        'Cache-Control: no-store',
        answer,
        answer.headers.get('cache-control') ?? 'no Cache-Control',
      )
    },
  },
  {
    ...TOKEN,
    level: 'should',
    id: 'token-expires-in',
    title: 'The answer says how long the token is valid, and that is no more than a day',
    section: 'section 5.1; RFC 9700 section 2.2',
    mend: 'Add expires_in (seconds), and keep access tokens short-lived: whoever finds one can use it until then.',
    async run(ctx) {
      const { answer } = await ctx.tokens()
      const seconds = answer.json['expires_in']
      return expectThat(
        typeof seconds === 'number' && seconds > 0 && seconds <= DAY,
        `a number up to ${DAY}`,
        answer,
        String(seconds),
      )
    },
  },
  {
    ...TOKEN,
    id: 'token-unsupported-grant',
    title: 'A grant type that does not exist is refused with unsupported_grant_type',
    section: 'section 5.2',
    mend: 'Answer 400 with "error": "unsupported_grant_type".',
    run: async (ctx) =>
      backed(refused(await postAsMain(ctx, { grant_type: 'conformance' }), 'unsupported_grant_type'), ctx.discerns),
  },
  {
    ...TOKEN,
    id: 'token-no-grant-type',
    title: 'A request without a grant type is refused with invalid_request',
    section: 'section 5.2',
    mend: 'Answer 400 with "error": "invalid_request".',
    run: async (ctx) => backed(refused(await postAsMain(ctx, {}), 'invalid_request'), ctx.discerns),
  },
  {
    ...TOKEN,
    id: 'token-error-json',
    title: 'Errors are application/json',
    section: 'section 5.2',
    mend: 'Answer errors with a JSON object that has "error", never with a page.',
    async run(ctx) {
      const answer = await unknownCode(ctx)
      const type = answer.headers.get('content-type') ?? 'none'
      if (!isJson(answer)) return problem('application/json', answer, type)
      return backed(expectThat(errorOf(answer) !== undefined, 'a JSON object with "error"', answer), ctx.discerns)
    },
  },
  {
    ...TOKEN,
    id: 'token-error-characters',
    title: 'The description of an error has only characters that it may have',
    section: 'section 5.2',
    mend: 'Use printable ASCII without quotation marks and backslashes in error_description.',
    async run(ctx) {
      const answer = await unknownCode(ctx)
      const description = answer.json['error_description'] ?? skip('errors have no description')
      const fits = typeof description === 'string' && /^[\x20\x21\x23-\x5B\x5D-\x7E]*$/.test(description)
      return backed(expectThat(fits, 'printable ASCII without " and \\', answer, String(description)), ctx.discerns)
    },
  },
  {
    id: 'token-cors',
    title: 'Clients in a browser can use the token endpoint',
    level: 'should',
    spec: 'RFC 9700',
    section: 'section 2.6',
    mend: 'Send Access-Control-Allow-Origin: * from the token endpoint, for errors as well. It takes no cookies.',
    async run(ctx) {
      const plain = await postAsMain(ctx, UNKNOWN_CODE)
      if (errorOf(plain) === undefined) return skip('the server refuses nothing as it should')
      return backed(alsoReadable(plain, await postAsMain(ctx, UNKNOWN_CODE, { origin: ORIGIN })), ctx.discerns)
    },
  },
  {
    id: 'token-preflight',
    title: 'A preflight for the token endpoint allows POST with credentials in a header',
    level: 'should',
    spec: 'RFC 9700',
    section: 'section 2.6',
    mend: 'Answer OPTIONS at the token endpoint with 204, Access-Control-Allow-Origin: * and Access-Control-Allow-Headers: Authorization, Content-Type. The wildcard does not cover Authorization.',
    run: async (ctx) =>
      preflight(ctx.http, await ctx.endpoint('token_endpoint'), {
        method: 'POST',
        headers: ['Authorization', 'Content-Type'],
      }),
  },
  {
    ...TOKEN,
    id: 'token-scope-unknown',
    title: 'A scope that does not exist is refused, or left out of what is granted',
    section: 'section 3.3',
    mend: 'Answer invalid_scope, or grant less and say in "scope" what was granted.',
    async run(ctx) {
      const { scope = '' } = await ctx.wanted()
      const landing = await ctx.tryAuthorize({ scope: `${scope} conformance:unknown`.trim() })
      const value = codeIn(landing)
      if (value === null) return redirectedWith(landing, 'invalid_scope')
      const client = await ctx.clients.main()
      const answer = await ctx.redeem({ value, client, redirectUri: client.redirectUri, verifier: VERIFIER })
      if (!givesToken(answer)) return backed(refused(answer, 'invalid_scope'), ctx.redeems)
      const granted = String(answer.json['scope'] ?? `${scope} conformance:unknown`).split(' ')
      return expectThat(
        !granted.includes('conformance:unknown'),
        'a scope without conformance:unknown',
        answer,
        `scope "${granted.join(' ')}"`,
      )
    },
  },
]

const unknownCode = async (ctx: AsContext) => {
  const answer = await postAsMain(ctx, UNKNOWN_CODE)
  return answer.status < 400 ? skip('the server refuses nothing') : answer
}

async function postAsMain(ctx: AsContext, form: Record<string, string>, headers: Record<string, string> = {}) {
  const { credentials } = await ctx.clients.main()
  const url = await ctx.endpoint('token_endpoint')
  return ctx.http.postForm(url, { ...credentials.form, ...form }, { ...credentials.headers, ...headers })
}
