/**
 * What the binding to a key is worth: codes, refresh tokens and clients that are bound.
 *
 * @see RFC 9449 section 5 and section 10
 * @module
 */
import { expectThat, problem, skip, type Verdict } from '../core/check.ts'
import { backed } from '../core/controls.ts'
import { preflight } from '../core/cors.ts'
import type { Answer } from '../core/http.ts'
import { goodProof, strangerTo } from '../jose/wrong-proofs.ts'
import { type Client, createClient } from './clients.ts'
import { type AsContext, toTokens } from './context.ts'
import {
  boundRefreshable,
  boundTo,
  boundTokens,
  judged,
  offeredAlgorithms,
  proofKeys,
  redeemBound,
  refreshesBound,
  withProof,
} from './dpop-steps.ts'
import { type AsCheck, givesToken, refused } from './judge.ts'

const DPOP = { spec: 'RFC 9449', level: 'must' } as const

/** Bound by the authorization request to the first keys. */
async function boundCode(ctx: AsContext) {
  const { thumbprint } = await proofKeys(ctx)
  return ctx.code({ dpop_jkt: thumbprint })
}

const otherKeysRefused = (answer: Answer): Verdict =>
  refused(judged(answer), 'invalid_grant', 'invalid_dpop_proof', 'invalid_request')

/** Skips unless the key that the code is bound to gets a token for it: whoever refuses every such code would pass. */
async function rightKeyGetsTokens(ctx: AsContext): Promise<void> {
  const answer = await redeemBound(ctx, undefined, await boundCode(ctx))
  if (!givesToken(judged(answer))) skip('a code that is bound to a key is refused to that key, too')
}

/** A client that wants nothing but bound tokens, as it registered. */
async function boundClient(ctx: AsContext): Promise<{ readonly registered: Answer; readonly client: Client }> {
  await offeredAlgorithms(ctx)
  const registered = await ctx.clients.register({
    ...(await ctx.clients.metadataOf()),
    dpop_bound_access_tokens: true,
  })
  const id = registered.json['client_id']
  if (registered.status > 201 || typeof id !== 'string')
    return skip(`no such client can be registered: ${registered.summary}`)
  const { redirectUri } = await ctx.clients.main()
  return { registered, client: createClient(id, undefined, 'none', redirectUri) }
}

const withProofOf = async (ctx: AsContext, client: Client): Promise<Answer> =>
  judged(await redeemBound(ctx, undefined, await ctx.code({}, client)))

export const DPOP_BINDING_CHECKS: readonly AsCheck[] = [
  {
    ...DPOP,
    id: 'dpop-code-same-key',
    title: 'A code that was bound to a key (dpop_jkt) is redeemed with a proof by that key',
    section: 'section 10',
    mend: 'Compare dpop_jkt with the base64url SHA-256 thumbprint (RFC 7638) of the key of the proof; both are the same text.',
    async run(ctx) {
      await boundTokens(ctx)
      const answer = judged(await redeemBound(ctx, undefined, await boundCode(ctx)))
      return expectThat(givesToken(answer), 'status 200 with an access_token', answer)
    },
  },
  {
    ...DPOP,
    id: 'dpop-code-bound',
    title: 'A code that was bound to a key (dpop_jkt) is refused to another one',
    section: 'section 10',
    mend: 'Keep dpop_jkt with the code and compare it with the thumbprint of the proof.',
    async run(ctx) {
      await rightKeyGetsTokens(ctx)
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
    async run(ctx) {
      await rightKeyGetsTokens(ctx)
      return otherKeysRefused(await ctx.redeem(await boundCode(ctx)))
    },
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
      const type = String(answer.json['token_type'])
      if (type.toLowerCase() !== 'dpop') return problem('token_type DPoP', answer, type)
      return expectThat(
        (await boundTo(ctx, next)) === keys.thumbprint,
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
      const answer = await withProof(ctx, other, (headers) => ctx.refresh(tokens, {}, headers))
      return backed(otherKeysRefused(answer), refreshesBound(ctx))
    },
  },
  {
    ...DPOP,
    id: 'dpop-refresh-signature',
    title: 'A refresh token of a public client is refused with a proof that names its key, and that another one signed',
    section: 'section 5',
    mend: 'Judge the proof of a refresh completely, as that of a code: the thumbprint of its key proves nothing by itself.',
    async run(ctx) {
      const [keys, tokens] = [await proofKeys(ctx), await boundRefreshable(ctx)]
      const forged = goodProof({ signedBy: await strangerTo(keys) })
      const answer = await withProof(ctx, keys, (headers) => ctx.refresh(tokens, {}, headers), forged)
      return backed(otherKeysRefused(answer), refreshesBound(ctx))
    },
  },
  {
    ...DPOP,
    id: 'dpop-refresh-without-proof',
    title: 'A bound refresh token of a public client is refused without a proof',
    section: 'section 5',
    mend: 'Require a proof wherever the refresh token is bound.',
    run: async (ctx) => backed(otherKeysRefused(await ctx.refresh(await boundRefreshable(ctx))), refreshesBound(ctx)),
  },
  {
    ...DPOP,
    id: 'dpop-registration',
    title: 'A client that registered dpop_bound_access_tokens gets nothing without a proof',
    section: 'section 5.2',
    mend: 'Honour dpop_bound_access_tokens: true, and refuse token requests of that client without a proof.',
    async run(ctx) {
      const { client, registered } = await boundClient(ctx)
      const said = registered.json['dpop_bound_access_tokens']
      if (said !== true)
        return problem('dpop_bound_access_tokens: true, as it was sent', registered, String(said ?? 'not registered'))
      if (!givesToken(await withProofOf(ctx, client))) return skip('this client gets nothing with a proof, either')
      const answer = await ctx.redeem(await ctx.code({}, client))
      // The RFC names no error for it.
      return refused(answer, 'invalid_dpop_proof', 'invalid_request', 'invalid_grant')
    },
  },
  {
    ...DPOP,
    id: 'dpop-registration-with-proof',
    title: 'A client that registered dpop_bound_access_tokens gets a bound token with a proof',
    section: 'section 5.2',
    mend: 'Look at the error: the proof of this client is judged like that of any other.',
    async run(ctx) {
      await boundTokens(ctx)
      const { client } = await boundClient(ctx)
      const answer = await withProofOf(ctx, client)
      return expectThat(givesToken(answer), 'status 200 with an access_token', answer)
    },
  },
  {
    ...DPOP,
    level: 'should',
    id: 'dpop-cors',
    title: 'Clients in a browser may send a proof',
    section: 'section 4.1; WHATWG Fetch, section 3.3',
    mend: 'Add DPoP to Access-Control-Allow-Headers in the answer to OPTIONS at the token endpoint.',
    async run(ctx) {
      await offeredAlgorithms(ctx)
      const url = await ctx.endpoint('token_endpoint')
      const plain = await preflight(ctx.http, url, { method: 'POST', headers: ['Content-Type'] })
      if (plain.kind !== 'pass') return skip('preflights are not answered')
      return preflight(ctx.http, url, { method: 'POST', headers: ['Content-Type', 'DPoP'] })
    },
  },
]
