/**
 * What tells a proof from every other JWT.
 *
 * @see RFC 9449 section 4.2
 * @module
 */

/** The JOSE header `typ`. */
export const DPOP_PROOF_TYPE = 'dpop+jwt'
