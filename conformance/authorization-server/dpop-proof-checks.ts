/**
 * Proofs that are wrong, each in one place: every one must be refused.
 *
 * @see RFC 9449 section 4.3
 * @module
 */
import { expectThat, skip, type Verdict } from '../core/check.ts'
import { buildProof, buildSymmetricProof, buildUnsignedProof } from '../jose/proof.ts'
import type { AsContext } from './context.ts'
import { goodProof, judged, type MakeProof, offeredAlgorithms, proofKeys, redeemBound, targetOf } from './dpop-steps.ts'
import { type AsCheck, errorOf, refused } from './judge.ts'

const DPOP = { spec: 'RFC 9449', level: 'must' } as const

const FAR = 60 * 60

/** One for each way to be wrong: what is wrong, and where the RFC says so (section 4.3, by number). */
const WRONG: readonly (readonly [id: string, what: string, item: number, make: MakeProof])[] = [
  [
    'several',
    'Two proofs at once are refused',
    1,
    async (keys, target, nonce) => {
      const one = () => buildProof(keys, target, { claims: nonce })
      return `${await one()}, ${await one()}`
    },
  ],
  ['not-jwt', 'A proof that is no JWT is refused', 2, () => 'conformance'],
  ['no-jti', 'A proof without jti is refused', 3, goodProof({ claims: { jti: undefined } })],
  ['no-htm', 'A proof without htm is refused', 3, goodProof({ claims: { htm: undefined } })],
  ['no-htu', 'A proof without htu is refused', 3, goodProof({ claims: { htu: undefined } })],
  ['no-iat', 'A proof without iat is refused', 3, goodProof({ claims: { iat: undefined } })],
  ['type', 'A proof of another type than dpop+jwt is refused', 4, goodProof({ header: { typ: 'JWT' } })],
  [
    'none',
    'A proof that is not signed (alg none) is refused',
    5,
    (keys, target, nonce) => buildUnsignedProof(keys, target, { claims: nonce }),
  ],
  [
    'symmetric',
    'A proof with a symmetric signature is refused',
    5,
    (keys, target, nonce) => buildSymmetricProof(keys, target, nonce),
  ],
  ['no-key', 'A proof without a key is refused', 6, goodProof({ header: { jwk: undefined } })],
  [
    'private-key',
    'A proof that gives its private key away is refused',
    7,
    (keys, target, nonce) => buildProof(keys, target, { header: { jwk: keys.privateJwk }, claims: nonce }),
  ],
  ['method', 'A proof for another method is refused', 8, goodProof({ claims: { htm: 'GET' } })],
  [
    'url',
    'A proof for another URL is refused',
    9,
    (keys, target, nonce) =>
      buildProof(keys, { ...target, url: `${target.url.replace(/[?#].*/s, '')}/conformance` }, { claims: nonce }),
  ],
  [
    'other-host',
    'A proof for another host is refused',
    9,
    goodProof({ claims: { htu: 'https://attacker.example/token' } }),
  ],
]

/**
 * A nonce says when a proof was made, too, and a server may go by that: so the proof is sent once, without one.
 * RFC 9449 section 4.3, 11.
 */
async function refusedAge(ctx: AsContext, seconds: number): Promise<Verdict> {
  const [keys, target, code] = [await proofKeys(ctx), await targetOf(ctx), await ctx.code()]
  const proof = await buildProof(keys, { ...target, now: target.now + seconds })
  const answer = await ctx.redeem(code, {}, { dpop: proof })
  if (errorOf(answer) === 'use_dpop_nonce') return skip('the server tells the age of a proof by its nonce')
  return refused(answer, 'invalid_dpop_proof')
}

async function refusedProof(ctx: AsContext, make: MakeProof): Promise<Verdict> {
  await offeredAlgorithms(ctx)
  const answer = judged(await redeemBound(ctx, make))
  const right = answer.status === 400 && errorOf(answer) === 'invalid_dpop_proof'
  return expectThat(right, 'status 400 with the error "invalid_dpop_proof"', answer)
}

export const DPOP_PROOF_CHECKS: readonly AsCheck[] = [
  ...WRONG.map(
    ([id, title, item, make]): AsCheck => ({
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
    title: 'A proof of an hour ago is refused',
    section: 'section 4.3, 11',
    mend: 'Refuse proofs whose iat is more than some minutes away from your clock.',
    run: (ctx) => refusedAge(ctx, -FAR),
  },
  {
    ...DPOP,
    id: 'dpop-future',
    title: 'A proof from an hour ahead is refused',
    section: 'section 4.3, 11',
    mend: 'Refuse proofs whose iat is more than some minutes away from your clock, in both directions.',
    run: (ctx) => refusedAge(ctx, FAR),
  },
  {
    ...DPOP,
    id: 'dpop-signature',
    title: 'A proof that another key signed is refused',
    section: 'section 4.3, 6',
    mend: 'Verify the signature with the key in the header of the proof.',
    async run(ctx) {
      const other = await proofKeys(ctx, 'second')
      return refusedProof(ctx, goodProof({ signedBy: other }))
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
      let kept: string | undefined
      const keep: MakeProof = async (...args) => {
        kept = await goodProof()(...args)
        return kept
      }
      if ((await redeemBound(ctx, keep)).status !== 200) return skip('no token is given for a good proof')
      const answer = await ctx.redeem(await ctx.code(), {}, { dpop: kept ?? '' })
      return expectThat(answer.status === 400, 'status 400', answer)
    },
  },
]
