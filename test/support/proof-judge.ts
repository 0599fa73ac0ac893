/**
 * A judge of DPoP proofs at one token endpoint.
 *
 * @module
 */
import { createProofKeys } from '../../server/resource/proof-keys.ts'
import { createDpopNonces } from '../../shared/dpop/nonces.ts'
import { DPOP_ALGORITHMS } from '../../shared/dpop/public-key.ts'
import { type DpopReplays, type DpopRules, type ProofDemand, verifyDpopProof } from '../../shared/dpop/verify-proof.ts'

export const NOW = 1_800_000_000
export const URL_ = 'https://auth.example/oauth/token'
export const request = { method: 'POST', url: URL_, now: NOW }

export type Rules = DpopRules & { readonly replays: DpopReplays }

/** One that has seen nothing yet. */
export function judge(): Rules & { readonly seen: Map<string, number> } {
  const seen = new Map<string, number>()
  return {
    seen,
    readKey: createProofKeys(DPOP_ALGORITHMS),
    tolerance: 300,
    nonces: createDpopNonces({ secret: 'secret', origin: 'https://auth.example', lifetime: 60, now: () => NOW }),
    replays: {
      async remember(key, expiresAt) {
        if (seen.has(key)) return false
        seen.set(key, expiresAt)
        return true
      },
    },
  }
}

export const demand: ProofDemand = { ...request, nonceRequired: false }

/** Which key was proven, or what is wrong. */
export async function verdict(proof: string, asked: Partial<ProofDemand> = {}, rules: Rules = judge()) {
  const result = await verifyDpopProof(proof, { ...demand, ...asked }, rules)
  return result.ok ? { thumbprint: result.value.thumbprint, nonce: result.value.nonce } : result.error
}
