/**
 * Codes: one client, one redirect URI, one verifier, once.
 *
 * @see RFC 6749 section 4.1.2 and section 4.1.3
 * @see RFC 7636 section 4.6
 * @module
 */
import { s256 } from '../../shared/pkce.ts'
import { expectThat, pass, problem, skip } from '../core/check.ts'
import { backed } from '../core/controls.ts'
import { type AsContext, toTokens, VERIFIER } from './context.ts'
import { guessableBits } from './guessable-bits.ts'
import { type AsCheck, givesToken, refused } from './judge.ts'

const TOKEN = { spec: 'RFC 6749', level: 'must' } as const

export const CODE_CHECKS: readonly AsCheck[] = [
  {
    id: 'token-wrong-verifier',
    title: 'A code is refused with another verifier than its challenge was made from',
    level: 'must',
    spec: 'RFC 7636',
    section: 'section 4.6',
    mend: 'Compare base64url(SHA-256(code_verifier)) with the stored challenge, for every client.',
    async run(ctx) {
      // The challenge itself is what somebody knows who saw the request.
      for (const code_verifier of ['x'.repeat(43), await s256(VERIFIER)]) {
        const verdict = refused(await redeemWith(ctx, { code_verifier }), 'invalid_grant')
        if (verdict.kind !== 'pass') return verdict
      }
      return backed(pass(), ctx.redeems)
    },
  },
  {
    id: 'token-no-verifier',
    title: 'A code with a challenge is refused without a verifier',
    level: 'must',
    spec: 'RFC 7636',
    section: 'section 4.5',
    mend: 'Require code_verifier wherever the code has a challenge.',
    run: async (ctx) =>
      backed(
        refused(await redeemWith(ctx, { code_verifier: undefined }), 'invalid_grant', 'invalid_request'),
        ctx.redeems,
      ),
  },
  {
    ...TOKEN,
    id: 'token-other-redirect',
    title: 'A code is refused with another redirect URI than it was sent to',
    section: 'section 4.1.3',
    mend: 'Keep the redirect_uri with the code and compare it when the code is redeemed.',
    async run(ctx) {
      const answer = await redeemWith(ctx, { redirect_uri: 'https://attacker.example/callback' })
      return backed(refused(answer, 'invalid_grant', 'invalid_request'), ctx.redeems)
    },
  },
  {
    ...TOKEN,
    id: 'token-other-client',
    title: 'A code is refused to another client than it was issued to',
    section: 'section 4.1.3',
    mend: 'Keep the client with the code and compare it when the code is redeemed.',
    async run(ctx) {
      const [code, other] = [await ctx.code(), await ctx.clients.other()]
      const answer = await ctx.redeem({ ...code, client: other })
      return backed(refused(answer, 'invalid_grant'), ctx.redeems)
    },
  },
  {
    ...TOKEN,
    id: 'token-no-client-id',
    title: 'A client without a secret has to say who it is',
    section: 'section 4.1.3',
    mend: 'Require client_id of clients that do not authenticate, and compare it with the client that the code was issued to.',
    async run(ctx) {
      const code = await ctx.code()
      if (code.client.method !== 'none') return skip('the client authenticates')
      const answer = await ctx.redeem(code, { client_id: undefined })
      return backed(refused(answer, 'invalid_request', 'invalid_client', 'invalid_grant'), ctx.redeems)
    },
  },
  {
    ...TOKEN,
    id: 'token-race',
    title: 'Of requests with one code that come at once, one succeeds at most',
    section: 'section 4.1.2',
    mend: 'Mark the code as used in the same statement that reads it. Read first and marked afterwards, a code is good for as many as come in between.',
    async run(ctx) {
      const code = await ctx.code()
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => ctx.redeem(code)))
      const given = answers.filter((answer) => toTokens(code.client, answer) !== undefined)
      const broken = answers.find(({ status }) => status >= 500)
      if (broken !== undefined && given.length === 0) return skip(`requests at once are too much: ${broken.summary}`)
      const [, second] = given
      return second === undefined
        ? backed(pass(), ctx.redeems)
        : problem('one success at most', second, `${given.length} of ${AT_ONCE} succeed`)
    },
  },
  {
    ...TOKEN,
    id: 'token-replay',
    title: 'A code can be redeemed once',
    section: 'section 4.1.2',
    mend: 'Mark the code as used in the same statement that reads it, so that of two requests at once only one succeeds.',
    async run(ctx) {
      const code = await ctx.code()
      const first = await ctx.redeem(code)
      return givesToken(first) ? refused(await ctx.redeem(code), 'invalid_grant') : skip('no code is exchanged')
    },
  },
  {
    ...TOKEN,
    level: 'should',
    id: 'token-replay-revokes',
    title: 'When a code comes a second time, what was issued for it ends',
    section: 'section 4.1.2',
    mend: 'Revoke the tokens that came from a code when it is presented again: two parties have it.',
    async run(ctx) {
      const code = await ctx.code()
      const tokens = toTokens(code.client, await ctx.redeem(code)) ?? skip('no code is exchanged')
      if (tokens.refreshToken === undefined) return skip('the server gives no refresh token to see it by')
      const again = await ctx.redeem(code)
      if (givesToken(again)) return skip('the code was redeemed twice')
      return backed(refused(await ctx.refresh(tokens), 'invalid_grant'), ctx.refreshes)
    },
  },
  {
    ...TOKEN,
    id: 'token-unknown-code',
    title: 'A code that was never issued is refused with invalid_grant',
    section: 'section 5.2',
    mend: 'Answer 400 with "error": "invalid_grant".',
    async run(ctx) {
      const client = await ctx.clients.main()
      const { redirectUri } = client
      const code = { value: 'conformance-code-that-was-never-issued', client, redirectUri, verifier: 'v'.repeat(43) }
      return backed(refused(await ctx.redeem(code), 'invalid_grant'), ctx.redeems)
    },
  },
  {
    ...TOKEN,
    id: 'token-get',
    title: 'Tokens are given for POST only',
    section: 'section 3.2',
    mend: 'Answer GET with 405: what stands in a URL stands in logs.',
    async run(ctx) {
      const { value, client, redirectUri, verifier } = await ctx.code()
      const url = new URL(await ctx.endpoint('token_endpoint'))
      const form = {
        grant_type: 'authorization_code',
        code: value,
        code_verifier: verifier,
        redirect_uri: redirectUri,
        client_id: client.id,
      }
      for (const [name, text] of Object.entries(form)) url.searchParams.set(name, text)
      const answer = await ctx.http.get(url.href, client.credentials.headers)
      const isRefused = answer.json['access_token'] === undefined && answer.status >= 400 && answer.status < 500
      return backed(expectThat(isRefused, 'a refusal', answer), ctx.redeems)
    },
  },
  {
    ...TOKEN,
    id: 'token-repeated',
    title: 'A parameter that comes twice is refused',
    section: 'section 3.2',
    mend: 'Refuse repeated parameters with invalid_request.',
    async run(ctx) {
      const code = await ctx.code()
      const answer = await ctx.redeem(code, { code_verifier: [code.verifier, code.verifier] })
      return backed(refused(answer, 'invalid_request', 'invalid_grant'), ctx.redeems)
    },
  },
  {
    id: 'authorize-code-entropy',
    title: 'A code cannot be guessed: 128 bits at least',
    level: 'must',
    spec: 'RFC 6749',
    section: 'section 10.10',
    mend: 'Make codes from at least 16 random bytes, and nothing else: no counter, no time.',
    async run(ctx) {
      for (let missing = SAMPLES - ctx.codes.length; missing > 0; missing -= 1) await ctx.code()
      const bits = guessableBits(ctx.codes)
      const found = `about ${Math.floor(bits)} bits that differ from code to code, of ${ctx.codes[0]?.length} characters`
      return expectThat(bits >= 128, 'at least 128 bits that differ from code to code', found)
    },
  },
]

const AT_ONCE = 8

/** So many that a random place is the same in all of them once in hundreds of millions. */
const SAMPLES = 8

async function redeemWith(ctx: AsContext, changes: Parameters<AsContext['redeem']>[1]) {
  return ctx.redeem(await ctx.code(), changes)
}
