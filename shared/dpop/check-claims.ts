/**
 * Whether a proof is for this very request, and of this moment.
 *
 * @see RFC 9449 section 4.3: `htm`, `htu`, `iat`, `ath`
 * @module
 */
import { err, ok, type Result } from '../result.ts'
import type { DpopProblem } from './problem.ts'
import type { DpopClaims } from './proof.ts'
import { proofUrl } from './proof-url.ts'

/** What a proof has to be for. */
export interface ProvenRequest {
  readonly method: string
  /** As `proofUrl` writes it. */
  readonly url: string
  /** base64url(SHA-256) of the access token that comes with the proof. Left out: there is none. */
  readonly tokenHash?: string
}

/** How far the clocks of its maker and of its judge may differ, in seconds, and how old it may be. */
export interface ProofAge {
  readonly now: number
  readonly tolerance: number
}

/** Pure. Signature, nonce and use are looked at elsewhere. */
export function checkDpopClaims(
  { htm, htu, iat, ath }: DpopClaims,
  { method, url, tokenHash }: ProvenRequest,
  { now, tolerance }: ProofAge,
): Result<null, DpopProblem> {
  if (htm !== method) return err('wrong_dpop_method')
  // Most clients write it as we do.
  if (htu !== url && proofUrl(htu) !== url) return err('wrong_dpop_url')
  if (iat < now - tolerance) return err('expired_dpop_proof')
  if (iat > now + tolerance) return err('early_dpop_proof')
  return tokenHash === undefined || ath === tokenHash ? ok(null) : err('wrong_dpop_token')
}
