/**
 * Refresh tokens: whose they are, what they are good for, and what becomes of the ones that were used.
 *
 * @see OAuth 2.1 section 4.3 (draft-ietf-oauth-v2-1-16)
 * @module
 */
import { expectThat, problem, skip } from '../core/check.ts'
import { backed } from '../core/controls.ts'
import { type AsContext, type Tokens, toTokens } from './context.ts'
import { type AsCheck, errorOf, givesToken, refused } from './judge.ts'

const REFRESH = { spec: 'OAuth 2.1 (draft 16)', level: 'must' } as const

/** Used once, and the tokens that came of it. */
async function refreshed(
  ctx: AsContext,
): Promise<{ first: Tokens; second: Tokens & { readonly refreshToken: string } }> {
  const first = await ctx.refreshable()
  const answer = await ctx.refresh(first)
  const second = toTokens(first.client, answer) ?? skip('refresh tokens do not work')
  if (second.refreshToken === undefined || second.refreshToken === first.refreshToken)
    skip('refresh tokens are not rotated')
  return { first, second: { ...second, refreshToken: second.refreshToken } }
}

export const REFRESH_CHECKS: readonly AsCheck[] = [
  {
    ...REFRESH,
    id: 'refresh',
    title: 'A refresh token is exchanged for a new access token',
    section: 'section 4.3.2',
    mend: 'Look at the error that the token endpoint answered.',
    async run(ctx) {
      const tokens = await ctx.refreshable()
      const answer = await ctx.refresh(tokens)
      return expectThat(toTokens(tokens.client, answer) !== undefined, 'status 200 with an access_token', answer)
    },
  },
  {
    ...REFRESH,
    id: 'refresh-rotation',
    title: 'A client without a secret gets a new refresh token each time',
    section: 'section 4.3.1',
    mend: 'Issue a new refresh token with every use and end the old one: of a public client nothing else shows that it was stolen.',
    async run(ctx) {
      const tokens = await ctx.refreshable()
      if (tokens.client.method !== 'none') return skip('the client has a secret')
      const answer = await ctx.refresh(tokens)
      const next = toTokens(tokens.client, answer) ?? skip('refresh tokens do not work')
      return expectThat(
        next.refreshToken !== undefined && next.refreshToken !== tokens.refreshToken,
        'another refresh_token',
        answer,
        'the same, or none',
      )
    },
  },
  {
    ...REFRESH,
    level: 'should',
    id: 'refresh-replay-at-once',
    title: 'A refresh token that was just used is refused',
    section: 'section 4.3.1',
    mend: 'A grace of some seconds for lost answers is common and a trade; keep it short, and end it with the first use of the successor.',
    async run(ctx) {
      const { first } = await refreshed(ctx)
      return refused(await ctx.refresh(first), 'invalid_grant')
    },
  },
  {
    ...REFRESH,
    id: 'refresh-replay',
    title: 'A refresh token is refused once its successor was used',
    section: 'section 4.3.1',
    mend: 'Keep a mark of used refresh tokens and refuse them.',
    async run(ctx) {
      const { first, second } = await refreshed(ctx)
      if (!givesToken(await ctx.refresh(second))) return skip('refresh tokens do not work twice')
      return refused(await ctx.refresh(first), 'invalid_grant')
    },
  },
  {
    ...REFRESH,
    id: 'refresh-replay-revokes',
    title: 'When a used refresh token comes again, its whole family ends',
    section: 'section 4.3.1',
    mend: 'Revoke every token of the grant when a used refresh token is presented: two parties have it, and nobody knows which is the thief.',
    async run(ctx) {
      const { first, second } = await refreshed(ctx)
      const third = toTokens(first.client, await ctx.refresh(second)) ?? skip('refresh tokens do not work twice')
      if (givesToken(await ctx.refresh(first))) return skip('the used one is accepted')
      return refused(await ctx.refresh(third), 'invalid_grant')
    },
  },
  {
    ...REFRESH,
    id: 'refresh-other-client',
    title: 'A refresh token is refused to another client',
    section: 'section 4.3.2',
    mend: 'Keep the client with the refresh token and compare it.',
    async run(ctx) {
      const [tokens, other] = [await ctx.refreshable(), await ctx.clients.other()]
      const answer = await ctx.refresh({ ...tokens, client: other })
      return backed(refused(answer, 'invalid_grant'), ctx.refreshes)
    },
  },
  {
    ...REFRESH,
    id: 'refresh-scope',
    title: 'A refresh token gives no scope that was not granted',
    section: 'section 4.3.1',
    mend: 'Refuse scopes beyond the grant with invalid_scope, or grant less and say so in "scope".',
    async run(ctx) {
      const { scope = '' } = await ctx.wanted()
      const asked = `${scope} conformance:unknown`.trim()
      const answer = await ctx.refresh(await ctx.refreshable(), { scope: asked })
      if (answer.status !== 200) return backed(refused(answer, 'invalid_scope'), ctx.refreshes)
      const granted = String(answer.json['scope'] ?? asked)
      if (typeof answer.json['access_token'] !== 'string')
        return problem('a token, or the error "invalid_scope"', answer)
      const isWider = granted.split(' ').includes('conformance:unknown')
      return expectThat(!isWider, 'a scope without conformance:unknown', answer, `scope "${granted}"`)
    },
  },
  {
    id: 'refresh-resource',
    title: 'A refresh token gives no token for another resource',
    level: 'must',
    spec: 'RFC 8707',
    section: 'section 2.2',
    mend: 'Refuse resources beyond the grant with invalid_target.',
    async run(ctx) {
      if ((await ctx.wanted()).resource === undefined) return skip('no resource is known')
      const answer = await ctx.refresh(await ctx.refreshable(), { resource: 'https://unknown.example/mcp' })
      return backed(refused(answer, 'invalid_target', 'invalid_grant'), ctx.refreshes)
    },
  },
  {
    ...REFRESH,
    id: 'refresh-unknown',
    title: 'A refresh token that was never issued is refused with invalid_grant',
    section: 'section 3.2.4',
    mend: 'Answer 400 with "error": "invalid_grant". Hosts that read anything else keep trying.',
    async run(ctx) {
      const client = await ctx.clients.main()
      const refresh_token = 'conformance-token-that-was-never-issued'
      const url = await ctx.endpoint('token_endpoint')
      const form = { ...client.credentials.form, grant_type: 'refresh_token', refresh_token }
      const answer = await ctx.http.postForm(url, form, client.credentials.headers)
      const isOffered = (await ctx.listed('grant_types_supported'))?.includes('refresh_token') === true
      if (!isOffered && errorOf(answer) === 'unsupported_grant_type') skip('the server gives no refresh token')
      return backed(refused(answer, 'invalid_grant'), ctx.refreshes)
    },
  },
]
