/**
 * A DPoP proof, taken apart and not believed yet.
 *
 * @see RFC 9449 section 4.2: the header and the claims
 * @see RFC 7515 section 7.1 (the form), section 2 (base64url, unpadded), section 4.1.11 (`crit`: no extension is understood here)
 * @module
 */
import * as v from 'valibot'
import { decodeBase64url, decodeJsonObject } from '../base64url.ts'
import { err, ok, type Result } from '../result.ts'
import type { DpopProblem } from './problem.ts'
import { DPOP_PROOF_TYPE } from './proof-type.ts'
import { type DpopAlgorithm, type DpopPublicKey, isDpopAlgorithm } from './public-key.ts'
import { readDpopPublicKey } from './read-public-key.ts'

/** Characters of a whole proof. An RSA key of 4096 bits and its signature take 2000. */
const MAX_LENGTH = 8192

/** `jti` is kept for a while, so it is bounded. Times in seconds since the epoch. */
export const DpopClaims = v.object({
  jti: v.pipe(v.string(), v.nonEmpty(), v.maxLength(256)),
  htm: v.string(),
  htu: v.string(),
  iat: v.pipe(v.number(), v.finite()),
  ath: v.exactOptional(v.string()),
  nonce: v.exactOptional(v.string()),
})
export type DpopClaims = v.InferOutput<typeof DpopClaims>

export interface DpopHeader {
  readonly alg: DpopAlgorithm
  readonly jwk: DpopPublicKey
}

/** `Key`: whatever the header was made into. */
export interface DpopProof<Key> {
  readonly key: Key
  readonly claims: DpopClaims
  /** What was signed: the first two parts as they came. */
  readonly input: Uint8Array
  readonly signature: Uint8Array
}

/**
 * Takes the value of a `DPoP` header apart. `readKey` is given the encoded header, so that whoever sees many proofs of one key can remember
 * what it says; `readDpopHeader` is the one that does not.
 */
export function readDpopProof<Key>(
  value: string,
  readKey: (encodedHeader: string) => Result<Key, DpopProblem>,
): Result<DpopProof<Key>, DpopProblem> {
  // Repeated headers arrive joined by a comma, which no proof holds.
  if (value.includes(',')) return err('several_dpop_proofs')
  const parts = value.length > MAX_LENGTH ? [] : value.split('.', 4)
  const [header = '', payload = '', third = ''] = parts
  const signature = decodeBase64url(third)
  const said = decodeJsonObject(payload)
  if (parts.length !== 3 || signature === null || said === null) return err('malformed_dpop_proof')
  const key = readKey(header)
  if (!key.ok) return key
  const claims = v.safeParse(DpopClaims, said)
  if (!claims.success) return err('missing_dpop_claim')
  const input = utf8Encoder.encode(value.slice(0, header.length + 1 + payload.length))
  return ok({ key: key.value, claims: claims.output, input, signature })
}

/** What an encoded header says: the algorithm, and the key for it. */
export function readDpopHeader(encoded: string): Result<DpopHeader, DpopProblem> {
  const header = decodeJsonObject(encoded)
  if (header === null || Object.hasOwn(header, 'crit')) return err('malformed_dpop_proof')
  const { typ, alg } = header
  if (typ !== DPOP_PROOF_TYPE) return err('wrong_dpop_type')
  if (!isDpopAlgorithm(alg)) return err('unsupported_dpop_algorithm')
  const jwk = readDpopPublicKey(alg, header['jwk'])
  return jwk.ok ? ok({ alg, jwk: jwk.value }) : jwk
}

const utf8Encoder = new TextEncoder()
