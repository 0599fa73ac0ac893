/**
 * DPoP proofs: right ones, and ones that differ from it in exactly one place.
 *
 * @see RFC 9449 section 4.2
 * @module
 */
import { encode } from 'jose/base64url'
import { type Keys, type Members, signJws, signSymmetric, unsignedJws } from './jws.ts'

export interface ProofTarget {
  readonly method: string
  readonly url: string
  /** Seconds since the epoch. */
  readonly now: number
}

export interface ProofChanges {
  /** Over the right header; `undefined` leaves a member out. */
  readonly header?: Members
  /** Over the right claims; `undefined` leaves one out. */
  readonly claims?: Members
  /** Signed by these keys, though the header has the others. */
  readonly signedBy?: Keys
}

/** A proof for one request. */
export function buildProof(keys: Keys, target: ProofTarget, changes: ProofChanges = {}): Promise<string> {
  const [header, claims] = partsOf(keys, target, changes)
  const signer = changes.signedBy ?? keys
  return signJws(header, claims, signer.privateKey, signer.alg)
}

/** The same, said to be signed with nothing. */
export function buildUnsignedProof(keys: Keys, target: ProofTarget, changes: ProofChanges = {}): string {
  const [header, claims] = partsOf(keys, target, { ...changes, header: { alg: 'none', ...changes.header } })
  return unsignedJws(header, claims)
}

/** Signed with a shared secret, which stands in the header as an `oct` key for whoever would believe it. */
export function buildSymmetricProof(keys: Keys, target: ProofTarget, claims: Members = {}): Promise<string> {
  const secret = crypto.getRandomValues(new Uint8Array(32))
  const symmetric = { alg: 'HS256', jwk: { kty: 'oct', k: encode(secret) } }
  const [header, payload] = partsOf(keys, target, { header: symmetric, claims })
  return signSymmetric(header, payload, secret)
}

/** The hash of an access token that goes into `ath`. */
export async function hashOf(accessToken: string): Promise<string> {
  return encode(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(accessToken))))
}

function partsOf(keys: Keys, { method, url, now }: ProofTarget, { header, claims }: ProofChanges): [Members, Members] {
  return [
    { typ: 'dpop+jwt', alg: keys.alg, jwk: keys.publicJwk, ...header },
    { jti: crypto.randomUUID(), htm: method, htu: withoutQuery(url), iat: now, ...claims },
  ]
}

export const withoutQuery = (url: string): string => url.replace(/[?#].*/s, '')
