/**
 * Whether a DPoP proof proves that its sender holds a key, here and now, once. Authorization servers and resource servers ask alike.
 *
 * ```
 * 1 take it apart          no proof, several, type, algorithm, key, claims
 * 2 is it for this request method, URL, time, access token
 * 3 signature            and is it the key that a token is bound to
 * 4 nonce                  where one is needed, of what is right otherwise: the answer is an invitation to come again
 * 5 was it used before     last, so that nobody else can use one up
 * ```
 *
 * @see RFC 9449 section 4.3: the checks; section 11.1: replay
 * @module
 */
import { err, ok, type Result } from '../result.ts'
import { checkDpopClaims, type ProvenRequest } from './check-claims.ts'
import type { DpopNonces } from './nonces.ts'
import type { DpopProblem } from './problem.ts'
import { readDpopProof } from './proof.ts'

/** A key that proofs are signed with, as its verifier sees it. */
export interface DpopProofKey {
  /** The `jkt`. */
  readonly thumbprint: string
  /** Whether it signed this. */
  verifies(signed: { readonly input: Uint8Array; readonly signature: Uint8Array }): boolean
}

/** The key of an encoded header. */
export type ReadDpopKey = (encodedHeader: string) => Result<DpopProofKey, DpopProblem>

/** A proof as it is remembered. */
export interface ProofUse {
  /** What it is known by: whose it is, and its `jti`. */
  readonly key: string
  /** Seconds since the epoch: by then it is too old for anybody. Follows from its `iat` alone. */
  readonly expiresAt: number
}

/** Who has seen which proof. Times in seconds since the epoch. */
export interface DpopReplays {
  /** True: this call was the first with that key. Kept until then at least. */
  remember(key: string, expiresAt: number, now: number): Promise<boolean>
}

export interface DpopRules {
  readonly readKey: ReadDpopKey
  readonly nonces: DpopNonces
  /** Seconds that a proof may be old, or ahead: at most `MAX_DPOP_TOLERANCE`. */
  readonly tolerance: number
}

/** A request whose sender has to prove itself, and when. */
export interface ProofDemand extends ProvenRequest {
  readonly now: number
  readonly nonceRequired: boolean
  /** The thumbprint of the key that it must be. Left out: any. */
  readonly boundTo?: string
}

/** What was proven. */
export interface ProvenKey {
  readonly thumbprint: string
  /** Whether the proof held a nonce of ours. */
  readonly withNonce: boolean
  /** What to tell the sender to use from now on; null: nothing new. */
  readonly nonce: string | null
  /** It counts for whoever remembers this first. */
  readonly use: ProofUse
}

/** `value`: the `DPoP` header. */
export async function verifyDpopProof(
  value: string,
  demand: ProofDemand,
  rules: DpopRules & { readonly replays: DpopReplays },
): Promise<Result<ProvenKey, DpopProblem>> {
  const proven = await judgeDpopProof(value, demand, rules)
  if (!proven.ok) return proven
  const { key, expiresAt } = proven.value.use
  return (await rules.replays.remember(key, expiresAt, demand.now)) ? proven : err('replayed_dpop_proof')
}

/** All but the last question, for whoever asks that together with something else. */
export async function judgeDpopProof(
  value: string,
  demand: ProofDemand,
  { readKey, nonces, tolerance }: DpopRules,
): Promise<Result<ProvenKey, DpopProblem>> {
  const { now, nonceRequired, boundTo } = demand
  const read = readDpopProof(value, readKey)
  if (!read.ok) return read
  const { key, claims } = read.value
  const checked = checkDpopClaims(claims, demand, { now, tolerance })
  if (!checked.ok) return checked
  if (!key.verifies(read.value)) return err('wrong_dpop_signature')
  if (boundTo !== undefined && key.thumbprint !== boundTo) return err('wrong_dpop_key')

  const { nonce, jti, iat } = claims
  // Where none is needed it may be that of another server of this origin, for that is how far clients tell them apart.
  const withNonce = nonce !== undefined && (await nonces.accepts(nonce))
  if (nonceRequired && !withNonce) return err(nonce === undefined ? 'missing_dpop_nonce' : 'wrong_dpop_nonce')

  const { thumbprint } = key
  const use = { key: JSON.stringify(['dpop', thumbprint, jti]), expiresAt: Math.floor(iat) + REMEMBERED }
  const current = withNonce ? await nonces.current() : null
  return ok({ thumbprint, withNonce, nonce: current === nonce ? null : current, use })
}

/** The MCP profile's bound, in seconds. */
export const MAX_DPOP_TOLERANCE = 300

/** For as long as any process may take it, whatever its own tolerance, and with a clock that is a minute behind. */
const REMEMBERED = MAX_DPOP_TOLERANCE + 60
