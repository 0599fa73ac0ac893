/**
 * Requests with a bound token and a proof, as a client sends them: with the nonce that the server wants.
 *
 * @see RFC 9449 section 7 and section 9
 * @module
 */
import { parseChallenges } from '../../shared/challenge.ts'
import { skip } from '../core/check.ts'
import type { Answer, HeaderRecord } from '../core/http.ts'
import type { Keys } from '../jose/jws.ts'
import { hashOf } from '../jose/proof.ts'
import { goodProof, type MakeProof } from '../jose/wrong-proofs.ts'
import { type RsContext, wantsNonce } from './context.ts'
import { isAccepted } from './messages.ts'
import type { BoundToken } from './obtain-token.ts'

/** A token that is bound to keys of ours. Skips where the server does not say that it knows such tokens. */
export async function bound(ctx: RsContext): Promise<BoundToken> {
  const { members } = await ctx.metadata()
  const schemes = parseChallenges((await ctx.challenge()).headers.get('www-authenticate')).map(({ scheme }) => scheme)
  const offered =
    members['dpop_signing_alg_values_supported'] !== undefined ||
    members['dpop_bound_access_tokens_required'] === true ||
    schemes.includes('dpop')
  return offered ? ctx.boundToken() : skip('the server does not offer DPoP')
}

/** How a request differs from a right one. */
export interface Shown {
  readonly make?: MakeProof
  /** The keys of the proof, where they are not those of the token. */
  readonly keys?: Keys
  readonly ath?: string | undefined
  /** How far the clock of the proof is ahead. */
  readonly seconds?: number
  readonly headers?: HeaderRecord
  /** Whether a nonce that is wanted is not sent. */
  readonly once?: boolean
}

/** Shows a bound token with a proof; a second time with the nonce, where the server wants one. */
export async function show(ctx: RsContext, { keys, token }: BoundToken, shown: Shown = {}): Promise<Answer> {
  const target = { method: 'POST', url: ctx.options.url, now: ctx.options.now() + (shown.seconds ?? 0) }
  const ath = 'ath' in shown ? shown.ath : await hashOf(token)
  const make = shown.make ?? goodProof()
  const ask = async (nonce?: string): Promise<Answer> => {
    const dpop = await make(shown.keys ?? keys, target, { ath, nonce })
    return ctx.send({ ...shown.headers, authorization: `DPoP ${token}`, dpop })
  }
  const first = await ask()
  const nonce = first.headers.get('dpop-nonce')
  return nonce !== null && wantsNonce(first) && shown.once !== true ? ask(nonce) : first
}

/** The same, once it was seen to be good for something: a refusal of another one then says something. */
export async function shownWell(ctx: RsContext): Promise<BoundToken> {
  const own = await bound(ctx)
  return isAccepted(await show(ctx, own)) ? own : skip('a good proof is refused')
}

/** A nonce says when a proof was made, too, and a server may go by that: so the proof is sent without one. RFC 9449 section 4.3, 11. */
export async function aged(ctx: RsContext, seconds: number): Promise<Answer> {
  const answer = await show(ctx, await shownWell(ctx), { seconds, once: true })
  return wantsNonce(answer) ? skip('the server tells the age of a proof by its nonce') : answer
}
