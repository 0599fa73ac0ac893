/**
 * Makes a DPoP proof for one request.
 *
 * @see RFC 9449 section 4.2: the header and the claims
 * @module
 */
import { encodeBase64url } from '../encode-base64url.ts'
import { oncePer } from '../once-per.ts'
import { DPOP_PROOF_TYPE } from './proof-type.ts'
import { type DpopSigningKey, SIGNING } from './signing-key.ts'

export interface ProofOf {
  /** As it is sent: `POST`. */
  readonly method: string
  /** Query and fragment are left out of the proof. */
  readonly url: string
  /** Seconds since the epoch. */
  readonly now: number
  /** base64url(SHA-256) of the access token that is sent along (`s256`). */
  readonly tokenHash?: string | undefined
  /** The last one that this server gave out. */
  readonly nonce?: string | undefined
  /** Default: a fresh one. */
  readonly jti?: string
}

/**
 * The value of the `DPoP` header.
 *
 * @example headers.set('dpop', await createDpopProof(key, { method: 'POST', url: tokenEndpoint, now: Date.now() / 1000 }))
 */
export async function createDpopProof(
  key: DpopSigningKey,
  { method, url, now, tokenHash, nonce, jti = crypto.randomUUID() }: ProofOf,
): Promise<string> {
  const claims = { jti, htm: method, htu: withoutQuery(url), iat: Math.floor(now), ath: tokenHash, nonce }
  const input = `${headerOf(key)}.${encode(claims)}`
  const signature = await crypto.subtle.sign(SIGNING[key.alg], key.privateKey, new TextEncoder().encode(input))
  return `${input}.${encodeBase64url(new Uint8Array(signature))}`
}

/** The same for all proofs of a key. */
const headerOf = oncePer(({ alg, publicJwk }: DpopSigningKey) => encode({ alg, typ: DPOP_PROOF_TYPE, jwk: publicJwk }))

function withoutQuery(url: string): string {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}

const encode = (json: object): string => encodeBase64url(new TextEncoder().encode(JSON.stringify(json)))
