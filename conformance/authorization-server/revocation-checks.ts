/**
 * Revocation and introspection: a token that was given back is worth nothing, and only those who may ask are told.
 *
 * @see RFC 7009 section 2
 * @see RFC 7662 section 2
 * @module
 */
import { expectThat, pass, problem, skip, type Verdict } from '../core/check.ts'
import { backed, type Control, isAlike } from '../core/controls.ts'
import type { Answer, Form, HeaderRecord } from '../core/http.ts'
import type { Client, Credentials } from './clients.ts'
import type { AsContext } from './context.ts'
import { introspect } from './introspection.ts'
import { type AsCheck, errorOf, givesToken, refused } from './judge.ts'

const REVOCATION = { spec: 'RFC 7009', level: 'must' } as const
const INTROSPECTION = { spec: 'RFC 7662', level: 'must' } as const

const UNKNOWN = 'conformance-token-that-was-never-issued'

async function revoke(ctx: AsContext, { credentials }: Client, form: Form): Promise<Answer> {
  const url = await ctx.endpoint('revocation_endpoint')
  return ctx.http.postForm(url, { ...credentials.form, ...form }, credentials.headers)
}

const ask = async (ctx: AsContext, token: string): Promise<Answer> =>
  introspect(ctx, token, (await ctx.introspected()).credentials)

/** The same client, with another secret. */
const withWrongSecret = ({ form, headers }: Credentials): Credentials =>
  form['client_secret'] === undefined
    ? { form, headers: { ...headers, ...otherPassword(headers['authorization']) } }
    : { form: { ...form, client_secret: WRONG_SECRET }, headers }

function otherPassword(basic: HeaderRecord[string] | undefined): HeaderRecord {
  const [id = ''] = atob(String(basic).replace(/^Basic /, '')).split(':')
  return { authorization: `Basic ${btoa(`${id}:${WRONG_SECRET}`)}` }
}

const WRONG_SECRET = 'conformance-wrong-secret'

/** Asked of a live token: whether this client is told anything at all. */
async function liveAnswer(ctx: AsContext): Promise<Answer> {
  const answer = await ask(ctx, (await ctx.introspected()).tokens.accessToken)
  return answer.status >= 400
    ? skip(`the client is told nothing (${answer.summary}): name one that may ask (--introspection-client-id)`)
    : answer
}

/** A live token is seen to be one; otherwise that another one is not says nothing. */
async function seenActive(ctx: AsContext): Promise<void> {
  if ((await liveAnswer(ctx)).json['active'] !== true) skip('a live token is not active, either')
}

/** What comes of a refresh token that its client revokes. */
async function revoked(ctx: AsContext): Promise<Verdict> {
  const tokens = await ctx.refreshable()
  const answer = await revoke(ctx, tokens.client, { token: tokens.refreshToken })
  const verdict =
    answer.status === 200 ? refused(await ctx.refresh(tokens), 'invalid_grant') : problem('status 200', answer)
  if (verdict.kind === 'pass') revokes(ctx).saw()
  return verdict
}

/** A client can revoke what is its own. */
const revokes = (ctx: AsContext): Control =>
  ctx.control('revokes', async () =>
    (await revoked(ctx)).kind === 'pass' ? undefined : 'a client cannot revoke its own token, either',
  )

/** The revocation endpoint tells a request from one without a token. */
const discernsTokens = (ctx: AsContext): Control =>
  ctx.control('discerns tokens', async () => {
    const client = await ctx.clients.main()
    const [one, other] = [await revoke(ctx, client, { token: UNKNOWN }), await revoke(ctx, client, {})]
    return isAlike(one, other) ? `the revocation endpoint answers all alike: ${one.summary}` : undefined
  })

/** Whoever may ask is answered. */
const answersIntrospection = (ctx: AsContext): Control =>
  ctx.control('answers introspection', async () => {
    const answer = await ask(ctx, UNKNOWN)
    return answer.status === 200 && typeof answer.json['active'] === 'boolean'
      ? undefined
      : `whoever says who they are is told nothing, either: ${answer.summary}`
  })

export const REVOCATION_CHECKS: readonly AsCheck[] = [
  {
    ...REVOCATION,
    id: 'revoke',
    title: 'A refresh token that was revoked is worth nothing',
    section: 'section 2.1',
    mend: 'Invalidate the token at once, and answer 200.',
    run: async (ctx) => backed(await revoked(ctx), ctx.refreshes),
  },
  {
    ...REVOCATION,
    id: 'revoke-unknown',
    title: 'Revoking a token that does not exist succeeds',
    section: 'section 2.2',
    mend: 'Answer 200: what the client wanted is the case.',
    async run(ctx) {
      const answer = await revoke(ctx, await ctx.clients.main(), { token: UNKNOWN })
      return backed(expectThat(answer.status === 200, 'status 200', answer), discernsTokens(ctx))
    },
  },
  {
    ...REVOCATION,
    id: 'revoke-other-client',
    title: 'A client cannot revoke what another one was given',
    section: 'section 2.1',
    mend: 'Check that the token was issued to the client that asks.',
    async run(ctx) {
      if (!givesToken(await ctx.refresh(await ctx.refreshable()))) skip('refresh tokens do not work')
      const tokens = await ctx.refreshable()
      await revoke(ctx, await ctx.clients.other(), { token: tokens.refreshToken })
      const answer = await ctx.refresh(tokens)
      return backed(expectThat(givesToken(answer), 'the token still works', answer), revokes(ctx))
    },
  },
  {
    ...REVOCATION,
    id: 'revoke-no-token',
    title: 'A revocation without a token is refused with invalid_request',
    section: 'section 2.2.1',
    mend: 'Answer 400 with "error": "invalid_request".',
    run: async (ctx) =>
      backed(refused(await revoke(ctx, await ctx.clients.main(), {}), 'invalid_request'), discernsTokens(ctx)),
  },
  {
    ...INTROSPECTION,
    id: 'introspect-unauthenticated',
    title: 'Whoever does not say who they are, or says it with a wrong secret, is told nothing',
    section: 'section 2.1',
    mend: 'Require client authentication at the introspection endpoint: otherwise it is a place to try tokens out.',
    async run(ctx) {
      const { credentials, tokens } = await ctx.introspected()
      for (const wrong of [{ form: {}, headers: {} }, withWrongSecret(credentials)]) {
        const answer = await introspect(ctx, tokens.accessToken, wrong)
        if (answer.status !== 400 && answer.status !== 401) return problem('status 401', answer)
      }
      return backed(pass(), answersIntrospection(ctx))
    },
  },
  {
    ...INTROSPECTION,
    id: 'introspect-active',
    title: 'A live token is active, and the answer is for the client that it was issued to',
    section: 'section 2.2',
    mend: 'Answer {"active": true, "client_id": ..., "scope": ..., "exp": ...} for tokens that are valid.',
    async run(ctx) {
      const [answer, { client }] = [await liveAnswer(ctx), (await ctx.introspected()).tokens]
      const right = answer.json['active'] === true && (answer.json['client_id'] ?? client.id) === client.id
      return expectThat(
        right,
        `active: true, client_id: ${client.id}`,
        answer,
        `active: ${String(answer.json['active'])}, client_id: ${String(answer.json['client_id'])}`,
      )
    },
  },
  {
    ...INTROSPECTION,
    id: 'introspect-unknown',
    title: 'A token that was never issued is not active, which is no error, and all that is said',
    section: 'section 2.2',
    mend: 'Answer 200 with {"active": false} and nothing else.',
    async run(ctx) {
      await seenActive(ctx)
      const answer = await ask(ctx, UNKNOWN)
      const right = answer.status === 200 && answer.json['active'] === false && Object.keys(answer.json).length === 1
      return expectThat(
        right,
        '200 with {"active": false}',
        answer,
        `${answer.status} with ${answer.body.slice(0, 100)}`,
      )
    },
  },
  {
    ...INTROSPECTION,
    id: 'introspect-revoked',
    title: 'An access token that was revoked is not active',
    section: 'section 2.2',
    mend: 'Let revocation end access tokens as well, as far as introspection is concerned.',
    async run(ctx) {
      await seenActive(ctx)
      const tokens = await ctx.freshTokens({}, (await ctx.introspected()).tokens.client)
      const revoked = await revoke(ctx, tokens.client, { token: tokens.accessToken, token_type_hint: 'access_token' })
      if (errorOf(revoked) === 'unsupported_token_type') return skip('the server revokes no access tokens')
      const answer = await ask(ctx, tokens.accessToken)
      return expectThat(
        answer.json['active'] === false,
        'active: false',
        answer,
        `active: ${String(answer.json['active'])}`,
      )
    },
  },
]
