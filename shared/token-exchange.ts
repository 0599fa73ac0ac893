/**
 * Token exchange: the request, and the names of what can be exchanged.
 *
 * @see RFC 8693 section 2.1 (the request), section 3 (token types)
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 4.3: ID-JAGs are had this way
 * @module
 */
import * as v from 'valibot'
import { clientAuthentication } from './client-authentication.ts'
import { TOKEN_EXCHANGE_GRANT } from './grant-names.ts'
import { ResourceParameter } from './resource-parameter.ts'

export {
  ACCESS_TOKEN_TOKEN_TYPE,
  JWT_TOKEN_TYPE,
  REFRESH_TOKEN_TOKEN_TYPE,
  TOKEN_EXCHANGE_GRANT,
} from './grant-names.ts'

/** Token types are any text: which of them are understood is decided where the answer can say so. */
export const TokenExchangeRequest = v.object({
  grant_type: v.literal(TOKEN_EXCHANGE_GRANT),
  subject_token: v.string(),
  subject_token_type: v.string(),
  actor_token: v.optional(v.string()),
  actor_token_type: v.optional(v.string()),
  requested_token_type: v.optional(v.string()),
  /** Names of targets that need not be URIs. May be repeated, as `resource` may. */
  audience: v.optional(ResourceParameter),
  resource: v.optional(ResourceParameter),
  scope: v.optional(v.string()),
  ...clientAuthentication,
})
export type TokenExchangeRequest = v.InferOutput<typeof TokenExchangeRequest>
