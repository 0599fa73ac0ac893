/**
 * The form parameters that authenticate a client, on every endpoint that clients call directly.
 *
 * @see RFC 6749 section 2.3.1: `client_id` and `client_secret`
 * @see RFC 7521 section 4.2: `client_assertion` and `client_assertion_type`
 * @module
 */
import * as v from 'valibot'

/** Members of a request's schema. */
export const clientAuthentication = {
  client_id: v.optional(v.string()),
  client_secret: v.optional(v.string()),
  client_assertion: v.optional(v.string()),
  client_assertion_type: v.optional(v.string()),
}
