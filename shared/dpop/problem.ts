/**
 * Everything that can be wrong with a DPoP proof. On the wire most of it is `invalid_dpop_proof`.
 *
 * @see RFC 9449 section 4.3: what has to be checked
 * @module
 */

export type DpopProblem =
  /** More than one header field. */
  | 'several_dpop_proofs'
  /** No compact JWS of a bounded size with JSON objects in it. */
  | 'malformed_dpop_proof'
  | 'wrong_dpop_type'
  | 'unsupported_dpop_algorithm'
  /** No public key that fits the algorithm. */
  | 'malformed_dpop_key'
  /** A key that somebody gave away. */
  | 'private_dpop_key'
  /** A claim is missing, or nothing that could be one. */
  | 'missing_dpop_claim'
  | 'wrong_dpop_signature'
  | 'wrong_dpop_method'
  | 'wrong_dpop_url'
  | 'expired_dpop_proof'
  | 'early_dpop_proof'
  /** It is for another access token. */
  | 'wrong_dpop_token'
  | 'missing_dpop_nonce'
  | 'wrong_dpop_nonce'
  | 'replayed_dpop_proof'
