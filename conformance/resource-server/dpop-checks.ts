/**
 * Tokens that are bound to a key, at the resource server: they count with a proof by that key for that request, and in no other way.
 *
 * @see RFC 9449 section 4.3 and section 7
 * @see RFC 9728 section 2: what the metadata say of proofs
 * @module
 */
import { parseChallenges } from '../../shared/challenge.ts'
import { expectThat, problem, skip } from '../core/check.ts'
import { backed } from '../core/controls.ts'
import { preflight, readable } from '../core/cors.ts'

import { isAsymmetric } from '../jose/jws.ts'
import { hashOf } from '../jose/proof.ts'
import {
  A_MOMENT,
  goodProof,
  LONG_AGO,
  type MakeProof,
  type Proofs,
  strangerTo,
  WRONG_PROOFS,
} from '../jose/wrong-proofs.ts'
import type { RsCheck, RsContext } from './context.ts'
import { aged, bound, type Shown, show, shownWell } from './dpop-steps.ts'
import { isAccepted, LET_THROUGH } from './messages.ts'
import type { BoundToken } from './obtain-token.ts'

const DPOP = { spec: 'RFC 9449', level: 'must' } as const

const refusesProof = (
  id: string,
  title: string,
  item: number,
  shown: (bound: BoundToken) => Shown | Promise<Shown>,
): RsCheck => ({
  ...DPOP,
  id: `rs-dpop-${id}`,
  title,
  section: `section 4.3, ${item}`,
  mend: 'Check every proof completely, in the order of the list in RFC 9449 section 4.3.',
  async run(ctx) {
    const own = await shownWell(ctx)
    const answer = await show(ctx, own, await shown(own))
    return expectThat(answer.status === 401, 'status 401', answer)
  },
})

/** Such a token is good for something, unless bound ones alone are taken. */
const countsAsBearer = (ctx: RsContext, token: string) => ({
  async needed() {
    if ((await ctx.metadata()).members['dpop_bound_access_tokens_required'] === true) return
    const answer = await ctx.send({ authorization: `Bearer ${token}` })
    if (!isAccepted(answer)) skip(`the same token is refused as Bearer, too: ${answer.summary}`)
  },
})

export const RS_DPOP_CHECKS: readonly RsCheck[] = [
  {
    id: 'rs-dpop-metadata',
    title: 'What the metadata say of proofs can be read: a list of asymmetric algorithms, and true or false',
    level: 'must',
    spec: 'RFC 9728',
    section: 'section 2',
    mend: 'List dpop_signing_alg_values_supported (["ES256"] at least), names of signature algorithms with a key pair as IANA registers them, and write dpop_bound_access_tokens_required as true or false.',
    async run(ctx) {
      const { members, answer } = await ctx.metadata()
      const { dpop_signing_alg_values_supported: algorithms, dpop_bound_access_tokens_required: required } = members
      if (algorithms === undefined && required === undefined) return skip('the metadata say nothing of proofs')
      if (required !== undefined && typeof required !== 'boolean')
        return problem('true or false', answer, `dpop_bound_access_tokens_required: ${JSON.stringify(required)}`)
      const right =
        algorithms === undefined ||
        (Array.isArray(algorithms) && algorithms.length > 0 && algorithms.every(isAsymmetric))
      return expectThat(right, 'a list of asymmetric algorithms', answer, JSON.stringify(algorithms))
    },
  },
  {
    ...DPOP,
    id: 'rs-dpop',
    title: 'A bound token with a good proof is accepted',
    section: 'section 7.1',
    mend: 'Compare htu with the public URL of the server (a proxy changes it), iat with a right clock, and cnf.jkt with the thumbprint of the key.',
    async run(ctx) {
      const answer = await show(ctx, await bound(ctx))
      return expectThat(isAccepted(answer), LET_THROUGH, answer)
    },
  },
  {
    ...DPOP,
    id: 'rs-dpop-as-bearer',
    title: 'A bound token that is shown as Bearer is refused',
    section: 'section 7.2',
    mend: 'Refuse tokens with cnf.jkt unless they come with the scheme DPoP and a proof; otherwise a stolen one is as good as any.',
    async run(ctx) {
      const { token } = await shownWell(ctx)
      const answer = await ctx.send({ authorization: `Bearer ${token}` })
      return expectThat(answer.status === 401, 'status 401', answer)
    },
  },
  {
    ...DPOP,
    id: 'rs-dpop-no-proof',
    title: 'A bound token without a proof is refused',
    section: 'section 7.1',
    mend: 'Require the header DPoP with the scheme DPoP.',
    async run(ctx) {
      const { token } = await shownWell(ctx)
      const answer = await ctx.send({ authorization: `DPoP ${token}` })
      return expectThat(answer.status === 401, 'status 401', answer)
    },
  },
  {
    ...DPOP,
    id: 'rs-dpop-unbound',
    title: 'A token that is bound to no key is refused with the scheme DPoP',
    section: 'section 7.1',
    mend: 'Require cnf.jkt of tokens that come with the scheme DPoP.',
    async run(ctx) {
      const [{ keys }, token] = [await shownWell(ctx), await ctx.unboundToken()]
      const answer = await show(ctx, { keys, token })
      return backed(expectThat(answer.status === 401, 'status 401', answer), countsAsBearer(ctx, token))
    },
  },
  {
    ...DPOP,
    level: 'should',
    id: 'rs-dpop-challenge',
    title: 'A bad proof is answered with a DPoP challenge that says which algorithms are accepted',
    section: 'section 7.1',
    mend: 'Answer 401 with WWW-Authenticate: DPoP error="invalid_dpop_proof", algs="ES256 ...".',
    async run(ctx) {
      const answer = await show(ctx, await shownWell(ctx), { make: goodProof({ header: { typ: 'JWT' } }) })
      if (answer.status !== 401) return skip('the answer is no 401')
      const told = answer.headers.get('www-authenticate')
      const params = parseChallenges(told).find(({ scheme }) => scheme === 'dpop')?.params
      const algorithms = params?.['algs']?.split(' ') ?? []
      const right = params?.['error'] !== undefined && algorithms.length > 0 && algorithms.every(isAsymmetric)
      return expectThat(right, 'DPoP with error, and algs that are asymmetric', answer, told ?? 'none')
    },
  },
  ...WRONG_PROOFS.map(({ id, title, item, make }) => refusesProof(id, title, item, () => ({ make }))),
  refusesProof('no-hash', 'A proof that names no token is refused', 12, () => ({ ath: undefined })),
  refusesProof('other-hash', 'A proof for another token is refused', 12, async () => ({
    ath: await hashOf('another'),
  })),
  refusesProof('other-key', 'A proof by another key than the token is bound to is refused', 12, async ({ keys }) => ({
    keys: await strangerTo(keys),
  })),
  {
    ...DPOP,
    id: 'rs-dpop-old',
    title: 'A proof of half an hour ago is refused',
    section: 'section 4.3, 11',
    mend: 'Refuse proofs whose iat is more than some minutes away from your clock.',
    async run(ctx) {
      const answer = await aged(ctx, -LONG_AGO)
      return expectThat(answer.status === 401, 'status 401', answer)
    },
  },
  {
    ...DPOP,
    id: 'rs-dpop-future',
    title: 'A proof from half an hour ahead is refused',
    section: 'section 4.3, 11',
    mend: 'Refuse proofs whose iat is more than some minutes away from your clock, in both directions.',
    async run(ctx) {
      const answer = await aged(ctx, LONG_AGO)
      return expectThat(answer.status === 401, 'status 401', answer)
    },
  },
  {
    ...DPOP,
    level: 'should',
    id: 'rs-dpop-clock',
    title: 'A proof of a client whose clock is five seconds ahead is accepted',
    section: 'section 11.1',
    mend: 'Accept an iat that is some seconds ahead: clocks differ.',
    async run(ctx) {
      const answer = await show(ctx, await shownWell(ctx), { seconds: A_MOMENT })
      return expectThat(isAccepted(answer), LET_THROUGH, answer)
    },
  },
  {
    ...DPOP,
    level: 'should',
    id: 'rs-dpop-replay',
    title: 'A proof is good for one request',
    section: 'section 11.1',
    mend: 'Remember the jti of each proof for as long as its iat is accepted.',
    async run(ctx) {
      const own = await bound(ctx)
      let kept: Proofs = ''
      const make: MakeProof = async (...args) => {
        kept = await goodProof()(...args)
        return kept
      }
      if (!isAccepted(await show(ctx, own, { make }))) return skip('a good proof is refused')
      const answer = await ctx.send({ authorization: `DPoP ${own.token}`, dpop: kept })
      return expectThat(answer.status === 401, 'status 401', answer)
    },
  },
  {
    ...DPOP,
    level: 'should',
    id: 'rs-dpop-cors',
    title: 'Clients in a browser may send a proof',
    section: 'section 7.1; WHATWG Fetch, section 3.3',
    mend: 'Add DPoP to Access-Control-Allow-Headers in the answer to OPTIONS at the MCP endpoint.',
    async run(ctx) {
      await bound(ctx)
      const { origin } = new URL(ctx.options.url)
      const headers = ['Authorization', 'Content-Type', 'MCP-Protocol-Version']
      const ask = (more: readonly string[]) =>
        preflight(ctx.http, ctx.options.url, { method: 'POST', headers: [...headers, ...more], origin })
      return (await ask([])).kind === 'pass' ? ask(['DPoP']) : skip('preflights are not answered')
    },
  },
  {
    ...DPOP,
    level: 'should',
    id: 'rs-dpop-nonce-exposed',
    title: 'Scripts of clients in a browser can read the nonce',
    section: 'section 9',
    mend: 'Add DPoP-Nonce to Access-Control-Expose-Headers.',
    async run(ctx) {
      const { origin } = new URL(ctx.options.url)
      const own = await bound(ctx)
      const answer = await show(ctx, own, { headers: { origin }, once: true })
      if (!answer.headers.has('dpop-nonce')) return skip('the server gives no nonce')
      return readable(answer, [], origin).kind === 'pass'
        ? readable(answer, ['DPoP-Nonce'], origin)
        : skip('no script can read any answer')
    },
  },
]
