/**
 * Sending a request with a proof, again where the refusal says how: with the nonce that it brings, or at its time.
 *
 * @see RFC 9449 section 8 (authorization servers), section 9 (resources): `use_dpop_nonce`
 * @see RFC 9449 section 11.1: proofs are good for a short time, so clocks matter
 * @module
 */
import { createDpopProof } from '../../shared/dpop/create-proof.ts'
import { httpDate } from '../../shared/http-freshness.ts'
import type { ClientContext } from '../context.ts'
import { withoutQuery } from '../events.ts'
import { nonceOf } from './peers.ts'
import { type StoredKey, signingKey } from './stored-key.ts'

/** Why a server refuses a proof, of the reasons that a client can do something about. */
export type ProofRefusal = 'use_dpop_nonce' | 'invalid_dpop_proof'

export const isProofRefusal = (error: unknown): error is ProofRefusal =>
  error === 'use_dpop_nonce' || error === 'invalid_dpop_proof'

/** How to send it, and how to read the answer. */
export interface ProvenRequest<Answer> {
  readonly method: string
  readonly url: string
  /** base64url(SHA-256) of the access token that goes along. */
  readonly tokenHash?: string
  readonly send: (proof: string) => Promise<Answer>
  readonly refusal: (answer: Answer) => ProofRefusal | undefined
  /** Lets an answer go that nobody will see. */
  readonly discard: (answer: Answer) => void
}

/** One is usual. A second one is due where the first was about to be replaced; a server that always has another is not followed. */
const MAX_NONCES = 2

/** `Date` has no fractions, and is on the way for a while. Seconds. */
const MIN_SKEW = 2

/**
 * Sends with a fresh proof each time: once more for each nonce that was not tried yet (at most two), once more after the clock was
 * corrected. The last answer is returned, whatever it says.
 */
export async function sendProven<Answer extends Parameters<typeof nonceOf>[0]>(
  { peers, now, emit }: ClientContext,
  stored: StoredKey,
  request: ProvenRequest<Answer>,
): Promise<Answer> {
  const { method, url, tokenHash } = request
  const key = await signingKey(stored)
  const peer = peers(url)
  const tried = new Set<string | undefined>()
  let { nonce, skew } = peer
  let corrected = false
  for (;;) {
    tried.add(nonce)
    const proof = await createDpopProof(key, { method, url, now: now() + skew, tokenHash, nonce })
    const answer = await request.send(proof)
    const refusal = request.refusal(answer)
    // Its own before what others were told meanwhile: a nonce may be good for one request.
    nonce = nonceOf(answer) ?? peer.nonce
    const another = refusal === 'use_dpop_nonce' && tried.size <= MAX_NONCES && !tried.has(nonce)
    const told = skewOf(answer.headers, now()) ?? skew
    const later = refusal === 'invalid_dpop_proof' && !corrected && Math.abs(told - skew) >= MIN_SKEW
    if (!another && !later) return answer
    if (later) {
      skew = told
      peer.skew = told
      corrected = true
    }
    request.discard(answer)
    emit({ type: 'dpop_retried', url: withoutQuery(url), because: another ? 'nonce' : 'clock' })
  }
}

/** How far the server's clock is ahead of ours. */
function skewOf(headers: Headers, now: number): number | undefined {
  const at = httpDate(headers.get('date') ?? '')
  return at === undefined ? undefined : at - now
}
