/**
 * Tokens that are bound to a key, at the resource server: they count with a proof by that key for that request, and in no other way.
 *
 * @see RFC 9449 section 4.3 and section 7
 * @module
 */
import { parseChallenges } from '../../shared/challenge.ts'
import { expectThat, pass, skip } from '../core/check.ts'
import type { Answer } from '../core/http.ts'
import { once } from '../core/once.ts'
import { createKeys, type Keys } from '../jose/jws.ts'
import { buildProof, hashOf, type ProofChanges, type ProofTarget } from '../jose/proof.ts'
import { isAccepted, type RsCheck, type RsContext } from './context.ts'
import type { BoundToken } from './obtain-token.ts'

const DPOP = { spec: 'RFC 9449', level: 'must' } as const

const theirs = once(() => createKeys())

/** A token that is bound to keys of ours. Skips where the server does not say that it knows such tokens. */
async function bound(ctx: RsContext): Promise<BoundToken> {
  const { members } = await ctx.metadata()
  const schemes = parseChallenges((await ctx.challenge()).headers.get('www-authenticate')).map(({ scheme }) => scheme)
  const offered = members['dpop_signing_alg_values_supported'] !== undefined || schemes.includes('dpop')
  return offered ? ctx.boundToken() : skip('the server does not offer DPoP')
}

interface Shown {
  readonly changes?: ProofChanges
  readonly target?: Partial<ProofTarget>
  /** The keys of the proof, where they are not those of the token. */
  readonly keys?: Keys
  readonly ath?: string | undefined
}

/** Shows a bound token with a proof; a second time with the nonce, where the server wants one. */
async function show(ctx: RsContext, { keys, token }: BoundToken, shown: Shown = {}): Promise<Answer> {
  const target = { method: 'POST', url: ctx.options.url, now: ctx.options.now(), ...shown.target }
  const ath = 'ath' in shown ? shown.ath : await hashOf(token)
  const ask = async (nonce?: string): Promise<Answer> => {
    const claims = { ath, nonce, ...shown.changes?.claims }
    const dpop = await buildProof(shown.keys ?? keys, target, { ...shown.changes, claims })
    return ctx.send({ authorization: `DPoP ${token}`, dpop })
  }
  const first = await ask()
  const nonce = first.headers.get('dpop-nonce')
  const wanted = nonce !== null && /use_dpop_nonce/.test(first.headers.get('www-authenticate') ?? '')
  return wanted ? ask(nonce) : first
}

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
    const own = await bound(ctx)
    if (!isAccepted(await show(ctx, own))) return skip('a good proof is refused')
    const answer = await show(ctx, own, await shown(own))
    return expectThat(answer.status === 401, 'status 401', answer)
  },
})

const FAR = 60 * 60

export const RS_DPOP_CHECKS: readonly RsCheck[] = [
  {
    ...DPOP,
    id: 'rs-dpop',
    title: 'A bound token with a good proof is accepted',
    section: 'section 7.1',
    mend: 'Compare htu with the public URL of the server (a proxy changes it), iat with a right clock, and cnf.jkt with the thumbprint of the key.',
    async run(ctx) {
      const answer = await show(ctx, await bound(ctx))
      return expectThat(isAccepted(answer), 'neither 401 nor 403', answer)
    },
  },
  {
    ...DPOP,
    id: 'rs-dpop-as-bearer',
    title: 'A bound token that is shown as Bearer is refused',
    section: 'section 7.2',
    mend: 'Refuse tokens with cnf.jkt unless they come with the scheme DPoP and a proof; otherwise a stolen one is as good as any.',
    async run(ctx) {
      const { token } = await bound(ctx)
      const answer = await ctx.sendToken(token)
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
      const { token } = await bound(ctx)
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
      const { keys } = await bound(ctx)
      const answer = await show(ctx, { keys, token: await ctx.token() })
      return expectThat(answer.status === 401, 'status 401', answer)
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
      const answer = await show(ctx, await bound(ctx), { changes: { header: { typ: 'JWT' } } })
      if (answer.status !== 401) return skip('the answer is no 401')
      const params = parseChallenges(answer.headers.get('www-authenticate')).find(
        ({ scheme }) => scheme === 'dpop',
      )?.params
      const right = params?.['error'] !== undefined && params['algs'] !== undefined
      return right
        ? pass()
        : expectThat(false, 'DPoP with error and algs', answer, answer.headers.get('www-authenticate') ?? 'none')
    },
  },
  refusesProof('type', 'A proof of another type than dpop+jwt is refused', 4, () => ({
    changes: { header: { typ: 'JWT' } },
  })),
  refusesProof('signature', 'A proof that another key signed is refused', 6, async () => ({
    changes: { signedBy: await theirs() },
  })),
  refusesProof('method', 'A proof for another method is refused', 8, () => ({ target: { method: 'GET' } })),
  refusesProof('url', 'A proof for another URL is refused', 9, () => ({
    target: { url: 'https://attacker.example/mcp' },
  })),
  refusesProof('no-hash', 'A proof that names no token is refused', 12, () => ({ ath: undefined })),
  refusesProof('other-hash', 'A proof for another token is refused', 12, async () => ({
    ath: await hashOf('another'),
  })),
  refusesProof('other-key', 'A proof by another key than the token is bound to is refused', 12, async () => ({
    keys: await theirs(),
  })),
  {
    ...DPOP,
    id: 'rs-dpop-old',
    title: 'A proof of an hour ago is refused',
    section: 'section 4.3, 11',
    mend: 'Refuse proofs whose iat is more than five minutes away from your clock.',
    async run(ctx) {
      const { keys, token } = await bound(ctx)
      const target = { method: 'POST', url: ctx.options.url, now: ctx.options.now() - FAR }
      const dpop = await buildProof(keys, target, { claims: { ath: await hashOf(token) } })
      const answer = await ctx.send({ authorization: `DPoP ${token}`, dpop })
      if (/use_dpop_nonce/.test(answer.headers.get('www-authenticate') ?? ''))
        return skip('the server tells the age of a proof by its nonce')
      return expectThat(answer.status === 401, 'status 401', answer)
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
      const changes = { claims: { jti: crypto.randomUUID() } }
      if (!isAccepted(await show(ctx, own, { changes }))) return skip('a good proof is refused')
      const answer = await show(ctx, own, { changes })
      return expectThat(answer.status === 401, 'status 401', answer)
    },
  },
]
