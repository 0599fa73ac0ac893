/**
 * The introspection request.
 *
 * @see RFC 7662 section 2.1
 * @module
 */
import * as v from 'valibot'
import { clientAuthentication } from './client-authentication.ts'

/** `token_type_hint` is advice: an unknown one is ignored. */
export const IntrospectionRequest = v.object({
  token: v.string(),
  token_type_hint: v.optional(v.string()),
  ...clientAuthentication,
})
export type IntrospectionRequest = v.InferOutput<typeof IntrospectionRequest>
