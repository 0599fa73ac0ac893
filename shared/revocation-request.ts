/**
 * The revocation request.
 *
 * @see RFC 7009 section 2.1
 * @module
 */
import * as v from 'valibot'
import { clientAuthentication } from './client-authentication.ts'

/** `token_type_hint` is advice: an unknown one is ignored. */
export const RevocationRequest = v.object({
  token: v.string(),
  token_type_hint: v.optional(v.string()),
  ...clientAuthentication,
})
export type RevocationRequest = v.InferOutput<typeof RevocationRequest>
