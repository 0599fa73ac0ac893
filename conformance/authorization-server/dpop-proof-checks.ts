/**
 * Proofs that are wrong, each in one place, at the token endpoint: every one must be refused.
 *
 * @see RFC 9449 section 4.3 and section 11.1
 * @module
 */
import { expectThat, skip, type Verdict } from '../core/check.ts'
import { backed } from '../core/controls.ts'
import type { Answer } from '../core/http.ts'
import { buildProof } from '../jose/proof.ts'
import { A_MOMENT, A_WHILE, goodProof, LONG_AGO, type MakeProof, WRONG_PROOFS } from '../jose/wrong-proofs.ts'
import type { AsContext } from './context.ts'
import { judged, offeredAlgorithms, proofKeys, redeemBound, takesProofs, targetOf } from './dpop-steps.ts'
import { type AsCheck, errorOf, givesToken, refused } from './judge.ts'

const DPOP = { spec: 'RFC 9449', level: 'must' } as const

/**
 * A nonce says when a proof was made, too, and a server may go by that: so the proof is sent once, without one.
 * RFC 9449 section 4.3, 11.
 */
async function redeemAt(ctx: AsContext, seconds: number): Promise<Answer> {
  const [keys, target, code] = [await proofKeys(ctx), await targetOf(ctx), await ctx.code()]
  const proof = await buildProof(keys, { ...target, now: target.now + seconds })
  const answer = await ctx.redeem(code, {}, { dpop: proof })
  return errorOf(answer) === 'use_dpop_nonce' ? skip('the server tells the age of a proof by its nonce') : answer
}

const refusedAge = async (ctx: AsContext, seconds: number): Promise<Verdict> =>
  backed(refused(await redeemAt(ctx, seconds), 'invalid_dpop_proof'), takesProofs(ctx))

/** Sooner than it must be, which is left to the server: whoever fails the check of a longer time is told once. */
async function refusedSoon(ctx: AsContext, seconds: number): Promise<Verdict> {
  const later = await refusedAge(ctx, (seconds * LONG_AGO) / A_WHILE)
  return later.kind === 'pass' ? refusedAge(ctx, seconds) : skip('proofs are accepted for longer than that')
}

async function refusedProof(ctx: AsContext, make: MakeProof): Promise<Verdict> {
  await offeredAlgorithms(ctx)
  const answer = await redeemBound(ctx, make)
  // It was sent with the nonce. Who wants another one even so takes none, or says the wrong thing.
  if (errorOf(answer) === 'use_dpop_nonce') await takesProofs(ctx).needed()
  const right = answer.status === 400 && errorOf(answer) === 'invalid_dpop_proof'
  return backed(expectThat(right, 'status 400 with the error "invalid_dpop_proof"', answer), takesProofs(ctx))
}

export const DPOP_PROOF_CHECKS: readonly AsCheck[] = [
  ...WRONG_PROOFS.map(
    ({ id, title, item, make }): AsCheck => ({
      ...DPOP,
      id: `dpop-${id}`,
      title,
      section: `section 4.3, ${item}`,
      mend: 'Check every proof completely, in the order of the list in RFC 9449 section 4.3, and answer 400 with "error": "invalid_dpop_proof".',
      run: (ctx) => refusedProof(ctx, make),
    }),
  ),
  {
    ...DPOP,
    id: 'dpop-old',
    title: 'A proof of half an hour ago is refused',
    section: 'section 4.3, 11',
    mend: 'Refuse proofs whose iat is more than some minutes away from your clock.',
    run: (ctx) => refusedAge(ctx, -LONG_AGO),
  },
  {
    ...DPOP,
    id: 'dpop-future',
    title: 'A proof from half an hour ahead is refused',
    section: 'section 4.3, 11',
    mend: 'Refuse proofs whose iat is more than some minutes away from your clock, in both directions.',
    run: (ctx) => refusedAge(ctx, LONG_AGO),
  },
  {
    ...DPOP,
    level: 'should',
    id: 'dpop-window',
    title: 'A proof is good for less than ten minutes',
    section: 'section 11.1',
    mend: 'Accept proofs for seconds, or a few minutes at most: whoever gets hold of one can use it as long.',
    async run(ctx) {
      const past = await refusedSoon(ctx, -A_WHILE)
      return past.kind === 'pass' ? refusedSoon(ctx, A_WHILE) : past
    },
  },
  {
    ...DPOP,
    level: 'should',
    id: 'dpop-clock',
    title: 'A proof of a client whose clock is five seconds ahead is accepted',
    section: 'section 11.1',
    mend: 'Accept an iat that is some seconds ahead: clocks differ.',
    async run(ctx) {
      if (!givesToken(judged(await redeemBound(ctx)))) return skip('a good proof is refused')
      const answer = await redeemBound(ctx, (keys, target, claims) =>
        buildProof(keys, { ...target, now: target.now + A_MOMENT }, { claims }),
      )
      return expectThat(givesToken(answer), 'status 200 with an access_token', answer)
    },
  },
  {
    ...DPOP,
    level: 'should',
    id: 'dpop-replay',
    title: 'A proof is good for one request',
    section: 'section 11.1',
    mend: 'Remember the jti of each proof for as long as its iat is accepted.',
    async run(ctx) {
      await offeredAlgorithms(ctx)
      let kept: Awaited<ReturnType<MakeProof>> | undefined
      const keep: MakeProof = async (...args) => {
        kept = await goodProof()(...args)
        return kept
      }
      if (!givesToken(await redeemBound(ctx, keep))) return skip('no token is given for a good proof')
      const answer = await ctx.redeem(await ctx.code(), {}, { dpop: kept ?? '' })
      // The RFC names no error for it.
      return backed(refused(answer, 'invalid_dpop_proof', 'use_dpop_nonce', 'invalid_grant'), takesProofs(ctx))
    },
  },
]
