/**
 * Proof Key for Code Exchange, S256 only: `plain` does not exist here.
 *
 * @see RFC 7636 section 4.1 (verifier), section 4.2 (challenge), section 4.6 (verification)
 * @module
 */
import { encodeBase64url } from './encode-base64url.ts'

/** base64url(SHA-256(ASCII(verifier))). */
export async function s256(verifier: string): Promise<string> {
  return encodeBase64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))))
}
