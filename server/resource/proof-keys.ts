/**
 * The keys that DPoP proofs bring along, ready to verify with. A client writes the same header over all of its proofs, so what one says is
 * remembered: reading it again would cost half as much as the signature.
 *
 * @see RFC 9449 section 4.3: the signature verifies with the key in `jwk`
 * @see docs/adr/0132-proofs-are-judged-alike.md
 * @module
 */
import { createPublicKey, hash } from 'node:crypto'
import { boundedMap } from '../../shared/bounded-map.ts'
import type { DpopProblem } from '../../shared/dpop/problem.ts'
import { readDpopHeader } from '../../shared/dpop/proof.ts'
import { type DpopAlgorithm, thumbprintInput } from '../../shared/dpop/public-key.ts'
import type { DpopProofKey, ReadDpopKey } from '../../shared/dpop/verify-proof.ts'
import { err, ok, type Result } from '../../shared/result.ts'
import { type SignatureAlgorithm, signatureCheckOf } from './signature-check.ts'

/** About two kilobytes each. */
const MAX_KEYS = 5000

/** `algorithms`: those that are accepted. */
export function createProofKeys(algorithms: readonly DpopAlgorithm[], limit = MAX_KEYS): ReadDpopKey {
  const known = boundedMap<Result<DpopProofKey, DpopProblem>>(limit)
  return (encodedHeader) => {
    const before = known.get(encodedHeader)
    if (before !== undefined) return before
    const key = readKey(encodedHeader, algorithms)
    // What is wrong may be long, and nobody sends it often.
    if (key.ok) known.set(encodedHeader, key)
    return key
  }
}

function readKey(encodedHeader: string, algorithms: readonly DpopAlgorithm[]): Result<DpopProofKey, DpopProblem> {
  const header = readDpopHeader(encodedHeader)
  if (!header.ok) return header
  const { alg, jwk } = header.value
  if (!algorithms.includes(alg)) return err('unsupported_dpop_algorithm')
  try {
    return ok({
      thumbprint: hash('sha256', thumbprintInput(jwk), 'base64url'),
      verifies: signatureCheckOf(createPublicKey({ key: jwk, format: 'jwk' }), ALGORITHMS[alg]),
    })
  } catch {
    // A point that is not on the curve, a modulus of the wrong size.
    return err('malformed_dpop_key')
  }
}

const SHA_256 = { name: 'SHA-256' } as const

const ALGORITHMS: Readonly<Record<DpopAlgorithm, SignatureAlgorithm>> = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  ES384: { name: 'ECDSA', namedCurve: 'P-384' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: SHA_256 },
  PS256: { name: 'RSA-PSS', hash: SHA_256 },
  EdDSA: { name: 'Ed25519' },
  Ed25519: { name: 'Ed25519' },
}
