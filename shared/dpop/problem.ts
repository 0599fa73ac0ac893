/**
 * Everything that can be wrong with a DPoP proof, and what its sender is told: constants, nothing of what was sent.
 *
 * @see RFC 9449 section 4.3: what has to be checked; section 5 and section 7.1: `invalid_dpop_proof`; section 8: `use_dpop_nonce`
 * @module
 */

export const DPOP_PROBLEMS = {
  several_dpop_proofs: 'There must be one DPoP header, with one proof.',
  malformed_dpop_proof: 'The DPoP proof is not a JWT.',
  wrong_dpop_type: 'The typ of the DPoP proof must be dpop+jwt.',
  unsupported_dpop_algorithm: 'The alg of the DPoP proof is not supported.',
  malformed_dpop_key: 'The jwk of the DPoP proof must be a public key that fits its alg.',
  private_dpop_key: 'The jwk of the DPoP proof holds a private key. Make a new key: this one is no longer secret.',
  missing_dpop_claim: 'The DPoP proof needs the claims jti, htm, htu and iat.',
  wrong_dpop_signature: 'The signature of the DPoP proof is wrong.',
  wrong_dpop_method: 'The htm of the DPoP proof is not the method of this request.',
  wrong_dpop_url: 'The htu of the DPoP proof is not the URL of this request.',
  expired_dpop_proof: 'The iat of the DPoP proof is too long ago. Look at the clock.',
  early_dpop_proof: 'The iat of the DPoP proof is in the future. Look at the clock.',
  wrong_dpop_token: 'The ath of the DPoP proof is not the hash of the access token.',
  wrong_dpop_key: 'The access token is bound to another key.',
  missing_dpop_nonce: 'The DPoP proof needs the nonce in DPoP-Nonce.',
  wrong_dpop_nonce: 'The nonce of the DPoP proof is none of ours, or too old. Use the one in DPoP-Nonce.',
  replayed_dpop_proof: 'The DPoP proof was used before. Make one for each request.',
} as const

export type DpopProblem = keyof typeof DPOP_PROBLEMS

/** The two that a retry with the nonce that comes along would mend. */
export const wantsNonce = (reason: string): boolean => reason === 'missing_dpop_nonce' || reason === 'wrong_dpop_nonce'
