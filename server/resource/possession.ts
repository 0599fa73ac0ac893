/**
 * Whether whoever presents a token may: one that is bound to a key comes with a proof of that key, and never as a bearer token.
 *
 * @see RFC 9449 section 7.1 (the scheme), section 7.2 (no downgrade to Bearer), section 9 (nonces)
 * @see RFC 7800 section 3.1: `cnf`
 *
 * @standard RFC 7800: Proof-of-Possession Key Semantics for JWTs
 * @status used
 * @does `cnf` with a thumbprint, and no other confirmation
 * @module
 */
import type { AccessTokenClaims } from '../../shared/access-token.ts'
import { createDpopNonces, type DpopNonces } from '../../shared/dpop/nonces.ts'
import { proofUrl } from '../../shared/dpop/proof-url.ts'
import { verifyDpopProof } from '../../shared/dpop/verify-proof.ts'
import { err, ok, type Result } from '../../shared/result.ts'
import type { Credentials } from './credentials.ts'
import type { DpopSettings } from './dpop-options.ts'
import type { PossessionProblem, TokenTrouble } from './events.ts'
import { createProofKeys } from './proof-keys.ts'
import type { ResourceSettings } from './resource-options.ts'
import type { VerifiedToken } from './verify-access-token.ts'

export interface Possession {
  /** What the caller is to use as nonce from now on; null: nothing new. Never rejects. */
  check(
    request: Request,
    scheme: Credentials['scheme'],
    token: VerifiedToken,
  ): Promise<Result<string | null, PossessionProblem | TokenTrouble>>
  readonly nonces: DpopNonces
}

export function createPossession({ resource, dpop, now }: ResourceSettings): Possession {
  const { algorithms, replays, requireNonce, nonceSecret, nonceLifetime, tolerance } = dpop
  const { origin } = new URL(resource)
  const nonces = createDpopNonces({ secret: nonceSecret, origin, lifetime: nonceLifetime, now })
  const rules = { readKey: createProofKeys(algorithms), replays, nonces, tolerance }

  return {
    nonces,
    async check(request, scheme, { claims, digest }) {
      if (scheme === 'Bearer') return checkBearer(claims, dpop)
      const boundTo = claims.cnf?.jkt
      // A proof of some key or other proves nothing about a token that anybody may use.
      if (boundTo === undefined) return err('unbound_token')
      const proof = request.headers.get('dpop')
      if (proof === null) return err('missing_dpop_proof')
      // The origin as configured: the Host header is the caller's.
      const url = proofUrl(origin + new URL(request.url).pathname) ?? ''
      const demand = {
        method: request.method,
        url,
        tokenHash: digest,
        boundTo,
        now: now(),
        nonceRequired: requireNonce,
      }
      try {
        const proven = await verifyDpopProof(proof, demand, rules)
        return proven.ok ? ok(proven.value.nonce) : proven
      } catch {
        return err('replays_unavailable')
      }
    },
  }
}

/** Pure. A token without a proof. */
export function checkBearer(
  { cnf }: Pick<AccessTokenClaims, 'cnf'>,
  { required }: Pick<DpopSettings, 'required'>,
): Result<null, PossessionProblem> {
  if (cnf !== undefined) return err('bound_token_as_bearer')
  return required ? err('unbound_token') : ok(null)
}
