/**
 * Who may use the tokens that are about to be issued: whoever holds them, or whoever holds a key. The key is proven by a DPoP proof, which
 * a client may send of its own accord, and must where the client, or the resource, is registered so.
 *
 * ```
 * proveSender      before the grant is looked at: is there a proof, and is it right
 * admitResource    once the resource is known: is that enough for it
 * checkBoundTo     for a code or refresh token that is bound: is it the same key
 * useProof         before anything comes of it: is it shown for the first time; or
 * usedWith         the store has asked that together with what it consumed
 * ```
 *
 * @see RFC 9449 section 5 (token requests), section 5.2 (`dpop_bound_access_tokens`), section 8 (nonces), section 10 (`dpop_jkt`)
 * @see docs/adr/0135-who-must-prove-a-key.md
 * @see docs/adr/0138-a-proof-is-used-up-with-what-it-opens.md
 * @module
 */
import { type DpopRules, judgeDpopProof, type ProofUse } from '../../shared/dpop/verify-proof.ts'
import { err, ok, type Result } from '../../shared/result.ts'
import { isConfidential } from './client-auth/is-confidential.ts'
import type { Dependencies } from './dependencies.ts'
import type { Client, Resource } from './records.ts'
import { type Rejection, reject } from './rejection.ts'

/** How proofs are judged here. */
export interface Dpop extends DpopRules {
  /** The token endpoint, as `proofUrl` writes it. */
  readonly url: string
  readonly algorithms: readonly string[]
  /** Whether every proof needs a nonce, whoever sends it. */
  readonly requireNonce: boolean
}

/** What came with the request. */
export interface PresentedProof {
  /** The `DPoP` header. */
  readonly header: string
  /** Told which nonce the answer is to name. */
  readonly announce: (nonce: string) => void
}

/** A key that was proven, by a proof that may have been shown before; null: none, so tokens are for whoever holds them. */
export type Sender = { readonly thumbprint: string; readonly withNonce: boolean; readonly proof: ProofUse } | null

export async function proveSender(
  presented: PresentedProof | null,
  client: Client,
  { dpop, now }: Dependencies,
): Promise<Result<Sender, Rejection>> {
  // Where DPoP is off, the header means nothing.
  if (presented === null || dpop === undefined)
    return client.dpop === 'optional' ? ok(null) : reject('missing_dpop_proof')
  const nonceRequired = dpop.requireNonce || client.dpop === 'nonce'
  const demand = { method: 'POST', url: dpop.url, now: now(), nonceRequired }
  const proven = await judgeDpopProof(presented.header, demand, dpop)
  if (!proven.ok) return err({ reason: proven.error })
  const { thumbprint, nonce, withNonce, use } = proven.value
  if (nonce !== null) presented.announce(nonce)
  return ok({ thumbprint, withNonce, proof: use })
}

const used = Symbol('nobody has shown the proof before, and nobody can again')

/** That the proof, if there is one, is used up: without this nothing is minted. */
export interface ProofUsed {
  readonly [used]: true
}

const USED: ProofUsed = { [used]: true }

/** By itself: where nothing else is consumed, and before a grant is revoked. */
export async function useProof(
  sender: Sender,
  { store }: Pick<Dependencies, 'store'>,
): Promise<Result<ProofUsed, Rejection>> {
  if (sender === null) return ok(USED)
  const { key, expiresAt } = sender.proof
  return (await store.proofs.remember(key, expiresAt)) ? ok(USED) : reject('replayed_dpop_proof')
}

/** Refuses what came with the proof. That uses it up as well: shown again, it is told to be what it is. */
export async function refuseUsing(
  sender: Sender,
  rejection: Rejection,
  deps: Pick<Dependencies, 'store'>,
): Promise<Result<never, Rejection>> {
  const proof = await useProof(sender, deps)
  return proof.ok ? err(rejection) : proof
}

/** Pure. By the verb of the store that consumed what was shown with it. */
export const usedWith = (_outcome: 'redeemed' | 'rotated' | 'consumed'): ProofUsed => USED

const admitted = Symbol('the resource is content with who is to use its tokens')

/** A resource, and who is to use the tokens for it: without this nothing is minted. */
export interface Admission {
  readonly [admitted]: true
  readonly resource: Resource
  readonly sender: Sender
}

/** Pure. Whether what was proven is enough for the resource. */
export function admitResource(resource: Resource, sender: Sender): Result<Admission, Rejection> {
  if (resource.dpop !== 'optional' && sender === null) return reject('missing_dpop_proof')
  // The proof was right, and is used up. The next one will hold a nonce.
  if (resource.dpop === 'nonce' && sender?.withNonce !== true) return reject('missing_dpop_nonce')
  return ok({ [admitted]: true, resource, sender })
}

/** Pure. Whether a code or refresh token may be used by the sender. `boundTo`: its key; null: it has none. */
export function checkBoundTo(boundTo: string | null, sender: Sender): Result<null, Rejection> {
  if (boundTo === null || boundTo === sender?.thumbprint) return ok(null)
  return reject(sender === null ? 'missing_dpop_proof' : 'wrong_dpop_key')
}

/**
 * Pure. The key that a refresh token is bound to: that of the sender, for clients that cannot prove who they are otherwise. Once bound, it stays
 * so; one from before is bound by the first proof.
 */
export const refreshTokenKey = (client: Client, sender: Sender, before: string | null = null): string | null =>
  before ?? (isConfidential(client) ? null : (sender?.thumbprint ?? null))
