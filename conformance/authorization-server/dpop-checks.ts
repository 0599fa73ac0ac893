/**
 * The scenario of tokens bound to a key (DPoP), at the authorization server: what is announced, one proof that is right, one that is
 * wrong for each way to be wrong (`dpop-proof-checks.ts`), nonces, and what the binding is worth (`dpop-binding-checks.ts`).
 *
 * @see RFC 9449 section 5 and section 8
 * @module
 */
import { expectThat, pass, problem, skip } from '../core/check.ts'
import { backed } from '../core/controls.ts'
import { ORIGIN, readable } from '../core/cors.ts'
import type { Answer, HeaderRecord } from '../core/http.ts'
import { isAsymmetric, SIGNING_ALGORITHMS } from '../jose/jws.ts'
import { buildProof } from '../jose/proof.ts'
import { goodProof } from '../jose/wrong-proofs.ts'
import type { AsContext } from './context.ts'
import {
  boundTo,
  boundTokens,
  judged,
  knownBoundTokens,
  offeredAlgorithms,
  proofKeys,
  redeemBound,
  saidAlgorithms,
  takesProofs,
  targetOf,
  thumbprintIn,
  withProof,
} from './dpop-steps.ts'
import { introspect, whoMayAsk } from './introspection.ts'
import { type AsCheck, errorOf, givesToken, refused } from './judge.ts'

const DPOP = { spec: 'RFC 9449', level: 'must' } as const

const metadataAnswer = async (ctx: AsContext): Promise<Answer | string> => (await ctx.locate()).answer ?? 'no metadata'

export const DPOP_CHECKS: readonly AsCheck[] = [
  {
    ...DPOP,
    id: 'dpop-metadata',
    title: 'The algorithms for proofs are announced: a list of registered algorithms, all of them asymmetric',
    section: 'section 5.1',
    mend: 'List dpop_signing_alg_values_supported (["ES256"] at least): names of signature algorithms with a key pair, in capitals as IANA registers them.',
    async run(ctx) {
      const said = await saidAlgorithms(ctx)
      const answer = await metadataAnswer(ctx)
      const expected = 'a list of asymmetric algorithms'
      if (!Array.isArray(said) || said.length === 0) return problem(expected, answer, JSON.stringify(said))
      const wrong = said.filter((alg: unknown) => !isAsymmetric(alg))
      return expectThat(
        wrong.length === 0,
        expected,
        answer,
        `among them ${wrong.map((alg) => JSON.stringify(alg)).join(', ')}`,
      )
    },
  },
  {
    ...DPOP,
    id: 'dpop-accepted',
    title: 'A right proof is accepted, and a token issued',
    section: 'section 5',
    mend: 'Look at the error: most often the URL that the server compares htu with is not its public one (a proxy), or its clock is wrong.',
    async run(ctx) {
      await offeredAlgorithms(ctx)
      const answer = judged(await redeemBound(ctx))
      return expectThat(givesToken(answer), 'status 200 with an access_token', answer)
    },
  },
  {
    ...DPOP,
    id: 'dpop-token-type',
    title: 'The answer to a proof has the token type DPoP',
    section: 'section 5',
    mend: 'Answer "token_type": "DPoP" for a bound token; clients take anything else for a downgrade.',
    async run(ctx) {
      const { answer } = await boundTokens(ctx)
      return expectThat(
        String(answer.json['token_type']).toLowerCase() === 'dpop',
        'token_type DPoP',
        answer,
        String(answer.json['token_type']),
      )
    },
  },
  {
    ...DPOP,
    id: 'dpop-binding',
    title: "The token is bound to the key of the proof: cnf.jkt is the key's thumbprint",
    section: 'section 6.1',
    mend: 'Put the base64url SHA-256 thumbprint (RFC 7638) of the public key into cnf.jkt.',
    async run(ctx) {
      const tokens = await knownBoundTokens(ctx)
      const [{ thumbprint }, jkt, { answer }] = [await proofKeys(ctx), await boundTo(ctx, tokens), tokens]
      return expectThat(
        jkt === thumbprint,
        `cnf.jkt ${thumbprint}`,
        answer,
        jkt === undefined ? 'no cnf.jkt' : `cnf.jkt ${jkt}`,
      )
    },
  },
  {
    ...DPOP,
    id: 'dpop-introspection',
    title: 'Introspection tells which key a token is bound to',
    section: 'section 6.2',
    mend: 'Add cnf with jkt to the answer for bound tokens: a resource server that asks takes them for bearer tokens otherwise.',
    async run(ctx) {
      await ctx.endpoint('introspection_endpoint')
      const isNamed = ctx.options.introspector !== undefined
      const tokens = await boundTokens(ctx, isNamed ? undefined : await ctx.clients.confidential())
      const answer = await introspect(ctx, tokens.accessToken, whoMayAsk(ctx, tokens.client))
      if (answer.json['active'] !== true) return skip(`nothing is told of a live token: ${answer.summary}`)
      const [{ thumbprint }, jkt] = [await proofKeys(ctx), thumbprintIn(answer.json)]
      return expectThat(
        jkt === thumbprint,
        `cnf.jkt ${thumbprint}`,
        answer,
        jkt === undefined ? 'no cnf.jkt' : `cnf.jkt ${jkt}`,
      )
    },
  },
  {
    ...DPOP,
    id: 'dpop-algorithms',
    title: 'A proof with any of the announced algorithms is accepted',
    section: 'section 5.1',
    mend: 'Announce what is accepted, and nothing else.',
    async run(ctx) {
      const [usual, offered] = [await proofKeys(ctx), await offeredAlgorithms(ctx)]
      const usable = SIGNING_ALGORITHMS.filter((alg) => offered.includes(alg) && alg !== usual.alg)
      for (const alg of usable) {
        const [keys, code] = [await proofKeys(ctx, 'first', alg), await ctx.code()]
        const answer = await withProof(ctx, keys, (headers) => ctx.redeem(code, {}, headers))
        if (!givesToken(judged(answer))) return problem(`status 200 for ${alg}`, answer, `${alg}: ${answer.summary}`)
      }
      return usable.length === 0 ? skip(`none but ${usual.alg} can be tried here`) : pass(usable.join(', '))
    },
  },
  {
    ...DPOP,
    id: 'dpop-nonce-demanded',
    title: 'A server that wants a nonce says so: 400, use_dpop_nonce, and the nonce',
    section: 'section 8',
    mend: 'Answer 400 with "error": "use_dpop_nonce" and the header DPoP-Nonce.',
    async run(ctx) {
      const answer = await nonceDemand(ctx)
      return expectThat(
        demands(answer),
        '400 with the error "use_dpop_nonce" and the header DPoP-Nonce',
        answer,
        `${answer.summary}, DPoP-Nonce: ${answer.headers.get('dpop-nonce') ?? 'none'}`,
      )
    },
  },
  {
    ...DPOP,
    id: 'dpop-nonce-accepted',
    title: 'The same request with the nonce is accepted',
    section: 'section 8',
    mend: 'Accept the nonce that was just given out, at every replica, and do not use up the code before.',
    async run(ctx) {
      if (!demands(await nonceDemand(ctx))) return skip('the server does not say properly that it wants one')
      const answer = await redeemBound(ctx)
      return expectThat(givesToken(answer), 'status 200 with an access_token', answer)
    },
  },
  {
    ...DPOP,
    id: 'dpop-nonce-stale',
    title: 'A nonce that has grown old is refused',
    section: 'section 8',
    mend: 'Give nonces a lifetime of some minutes, and answer use_dpop_nonce with a new one after it.',
    async run(ctx) {
      const nonce = (await nonceDemand(ctx)).headers.get('dpop-nonce') ?? skip('the server gives no nonce')
      const untilStale = ctx.options.untilStale ?? skip('that takes time: say how long to wait (--wait)')
      if (!givesToken(await redeemBound(ctx))) return skip('no token is given with a nonce that is not old, either')
      await untilStale()
      const [keys, target, code] = [await proofKeys(ctx), await targetOf(ctx), await ctx.code()]
      const redeem = async (claims: { nonce: string }): Promise<Answer> =>
        ctx.redeem(code, {}, { dpop: await buildProof(keys, target, { claims }) })
      const answer = await redeem({ nonce })
      const verdict = refused(answer, 'use_dpop_nonce', 'invalid_dpop_proof')
      const next = answer.headers.get('dpop-nonce')
      if (verdict.kind !== 'pass') return verdict
      if (next === null) return problem('a new nonce with the refusal (DPoP-Nonce)', answer, 'no nonce')
      const retry = await redeem({ nonce: next })
      return expectThat(givesToken(retry), 'status 200 with the nonce that came with the refusal', retry)
    },
  },
  {
    ...DPOP,
    level: 'should',
    id: 'dpop-nonce-exposed',
    title: 'Scripts of clients in a browser can read the nonce',
    section: 'section 8',
    mend: 'Add DPoP-Nonce to Access-Control-Expose-Headers: a client in a browser that cannot read it never gets a token.',
    async run(ctx) {
      const answer = await nonceDemand(ctx, { origin: ORIGIN })
      if (!answer.headers.has('dpop-nonce')) return skip('the server gives no nonce')
      const open = readable(answer)
      return open.kind === 'pass' ? readable(answer, ['DPoP-Nonce']) : skip('no script can read any answer')
    },
  },
  {
    ...DPOP,
    id: 'dpop-nonce-wrong',
    title: 'A nonce that the server did not give is refused',
    section: 'section 8',
    mend: 'Check that the nonce is one of your own, and recent; answer use_dpop_nonce with a new one.',
    async run(ctx) {
      await nonceDemand(ctx)
      const made = goodProof({ claims: { nonce: 'conformance-made-this-up' } })
      const answer = await redeemBound(ctx, made)
      return backed(refused(answer, 'use_dpop_nonce', 'invalid_dpop_proof'), takesProofs(ctx))
    },
  },
]

/** Asked without a nonce: whether the server wants one. */
async function nonceDemand(ctx: AsContext, headers: HeaderRecord = {}): Promise<Answer> {
  const keys = await proofKeys(ctx)
  const [code, target] = [
    await ctx.code(),
    { method: 'POST', url: await ctx.endpoint('token_endpoint'), now: ctx.options.now() },
  ]
  const answer = await ctx.redeem(code, {}, { ...headers, dpop: await buildProof(keys, target) })
  if (givesToken(answer)) return skip('the server wants no nonce')
  const isAboutNonces = errorOf(answer) === 'use_dpop_nonce' || answer.headers.has('dpop-nonce')
  return isAboutNonces ? answer : skip(`a good proof is refused: ${answer.summary}`)
}

const demands = (answer: Answer): boolean =>
  answer.status === 400 && errorOf(answer) === 'use_dpop_nonce' && answer.headers.has('dpop-nonce')
