/**
 * The public keys that DPoP proofs are made with: their algorithms, their members and their thumbprints.
 *
 * @see RFC 9449 section 4.2: `alg` is asymmetric, `jwk` is public
 * @see RFC 7638 section 3: the thumbprint
 * @module
 */

/** What proofs may be signed with: asymmetric, and of no less than 112 bits of strength. The first is preferred. */
export const DPOP_ALGORITHMS = ['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA', 'Ed25519'] as const

export type DpopAlgorithm = (typeof DPOP_ALGORITHMS)[number]

export const isDpopAlgorithm = (alg: unknown): alg is DpopAlgorithm => DPOP_ALGORITHMS.some((known) => known === alg)

/** A public key, without any member that its thumbprint does not cover. */
export type DpopPublicKey =
  | { readonly kty: 'EC'; readonly crv: 'P-256' | 'P-384'; readonly x: string; readonly y: string }
  | { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string }
  | { readonly kty: 'RSA'; readonly n: string; readonly e: string }

/** What is hashed for the thumbprint: the members that a key needs, in the order of their names. */
export function thumbprintInput(key: DpopPublicKey): string {
  switch (key.kty) {
    case 'EC':
      return JSON.stringify({ crv: key.crv, kty: key.kty, x: key.x, y: key.y })
    case 'OKP':
      return JSON.stringify({ crv: key.crv, kty: key.kty, x: key.x })
    case 'RSA':
      return JSON.stringify({ e: key.e, kty: key.kty, n: key.n })
  }
}
