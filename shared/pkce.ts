/**
 * Proof Key for Code Exchange, S256 only: `plain` does not exist here.
 *
 * @see RFC 7636 section 4.1 (verifier), section 4.2 (challenge), section 4.6 (verification)
 * @module
 */
import { encode } from 'jose/base64url'

/** base64url(SHA-256(ASCII(verifier))). */
export async function s256(verifier: string): Promise<string> {
  return encode(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))))
}
