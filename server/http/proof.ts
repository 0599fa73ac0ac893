/**
 * The DPoP proof of a request, and the nonce that its answer names; also as OpenAPI describes them.
 *
 * @see RFC 9449 section 4.1 (the header), section 8 (`DPoP-Nonce`)
 * @module
 */
import type { Context } from 'elysia'
import * as v from 'valibot'
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

/** The header, for the description of a route. Not part of what the route validates: the core says what is wrong with a proof. */
export const PROOF_PARAMETER = {
  name: 'DPoP',
  in: 'header' as const,
  required: false,
  description: 'A proof of possession (RFC 9449): the access token is bound to its key.',
  schema: { type: 'string' as const },
}

/** The schema of an answer that may name a nonce, for the description of a route. */
export const mayNameNonce = <Schema extends object>(schema: Schema): Schema => ({
  ...schema,
  headers: { 'DPoP-Nonce': v.pipe(v.string(), v.description('What the next proof has to hold as its nonce.')) },
})
