/**
 * What the binding to a key is worth: codes, refresh tokens and clients that are bound.
 *
 * @see RFC 9449 section 5 and section 10
 * @module
 */
import { expectThat, problem, skip, type Verdict } from '../core/check.ts'
import type { Answer } from '../core/http.ts'
import { type AsContext, toTokens } from './context.ts'
import { boundRefreshable, boundTo, judged, offeredAlgorithms, proofKeys, withProof } from './dpop-steps.ts'
import { type AsCheck, refused } from './judge.ts'

const DPOP = { spec: 'RFC 9449', level: 'must' } as const

/** Bound by the authorization request to the first keys. */
async function boundCode(ctx: AsContext) {
  const { thumbprint } = await proofKeys(ctx)
  return ctx.code({ dpop_jkt: thumbprint })
}

const otherKeysRefused = (answer: Answer): Verdict =>
  refused(judged(answer), 'invalid_grant', 'invalid_dpop_proof', 'invalid_request')

export const DPOP_BINDING_CHECKS: readonly AsCheck[] = [
  {
    ...DPOP,
    id: 'dpop-code-bound',
    title: 'A code that was bound to a key (dpop_jkt) is refused to another one',
    section: 'section 10',
    mend: 'Keep dpop_jkt with the code and compare it with the thumbprint of the proof.',
    async run(ctx) {
      const code = await boundCode(ctx)
      const other = await proofKeys(ctx, 'second')
      return otherKeysRefused(await withProof(ctx, other, (headers) => ctx.redeem(code, {}, headers)))
    },
  },
  {
    ...DPOP,
    id: 'dpop-code-without-proof',
    title: 'A code that was bound to a key is refused without a proof',
    section: 'section 10',
    mend: 'Require a proof wherever the code is bound.',
    run: async (ctx) => otherKeysRefused(await ctx.redeem(await boundCode(ctx))),
  },
  {
    ...DPOP,
    id: 'dpop-refresh',
    title: 'A bound refresh token, with a proof by its key, gives a token bound to the same key',
    section: 'section 5',
    mend: 'Carry the binding over from one refresh to the next.',
    async run(ctx) {
      const [keys, tokens] = [await proofKeys(ctx), await boundRefreshable(ctx)]
      const answer = await withProof(ctx, keys, (headers) => ctx.refresh(tokens, {}, headers))
      const next = toTokens(tokens.client, answer)
      if (next === undefined) return problem('status 200 with an access_token', answer)
      return expectThat(
        boundTo(next.accessToken) === keys.thumbprint,
        `cnf.jkt ${keys.thumbprint}`,
        answer,
        'another binding, or none',
      )
    },
  },
  {
    ...DPOP,
    id: 'dpop-refresh-other-key',
    title: 'A refresh token of a public client is refused to another key',
    section: 'section 5',
    mend: 'Bind refresh tokens of clients without a secret to the key of the first proof.',
    async run(ctx) {
      const [other, tokens] = [await proofKeys(ctx, 'second'), await boundRefreshable(ctx)]
      return otherKeysRefused(await withProof(ctx, other, (headers) => ctx.refresh(tokens, {}, headers)))
    },
  },
  {
    ...DPOP,
    id: 'dpop-refresh-without-proof',
    title: 'A bound refresh token of a public client is refused without a proof',
    section: 'section 5',
    mend: 'Require a proof wherever the refresh token is bound.',
    run: async (ctx) => otherKeysRefused(await ctx.refresh(await boundRefreshable(ctx))),
  },
  {
    ...DPOP,
    id: 'dpop-registration',
    title: 'A client that registered dpop_bound_access_tokens gets nothing without a proof',
    section: 'section 5.2',
    mend: 'Honour dpop_bound_access_tokens: true, and refuse token requests of that client without a proof.',
    async run(ctx) {
      await offeredAlgorithms(ctx)
      const metadata = { ...(await ctx.clients.metadataOf()), dpop_bound_access_tokens: true }
      const registered = await ctx.clients.register(metadata)
      const id = registered.json['client_id']
      if (registered.status > 201 || typeof id !== 'string') skip('no such client can be registered')
      if (registered.json['dpop_bound_access_tokens'] !== true)
        return problem(
          'dpop_bound_access_tokens: true, as it was sent',
          registered,
          String(registered.json['dpop_bound_access_tokens'] ?? 'not registered'),
        )
      const client = {
        ...(await ctx.clients.main()),
        id,
        secret: undefined,
        method: 'none',
        credentials: { form: { client_id: id }, headers: {} },
      } as const
      const answer = await ctx.redeem(await ctx.code({}, client))
      // The RFC names no error for it.
      return refused(answer, 'invalid_dpop_proof', 'invalid_request', 'invalid_grant')
    },
  },
  {
    ...DPOP,
    level: 'should',
    id: 'dpop-cors',
    title: 'Clients in a browser may send a proof and read the nonce',
    section: 'section 8.2',
    mend: 'Add DPoP to Access-Control-Allow-Headers, and DPoP-Nonce to Access-Control-Expose-Headers.',
    async run(ctx) {
      await offeredAlgorithms(ctx)
      const preflight = await ctx.http.send('OPTIONS', await ctx.endpoint('token_endpoint'), {
        headers: {
          origin: 'https://client.example',
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'dpop',
        },
      })
      const allowed = preflight.headers.get('access-control-allow-headers') ?? ''
      return expectThat(
        /\bdpop\b|\*/i.test(allowed),
        'DPoP among the allowed headers',
        preflight,
        `allowed headers: ${allowed || 'none'}`,
      )
    },
  },
]
