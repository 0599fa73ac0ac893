/**
 * The DPoP proof of a request, and the nonce that its answer names.
 *
 * @see RFC 9449 section 4.1 (the header), section 8 (`DPoP-Nonce`)
 * @module
 */
import type { Context } from 'elysia'
import type { PresentedProof } from '../core/sender.ts'

/** Null: there is none. */
export function proofOf({ request, set }: Pick<Context, 'request' | 'set'>): PresentedProof | null {
  const header = request.headers.get('dpop')
  if (header === null) return null
  return {
    header,
    announce(nonce) {
      set.headers['dpop-nonce'] = nonce
    },
  }
}
